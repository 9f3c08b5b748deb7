// Uses the page as a person does, in a browser: `node test.mjs <address that up prints> [folder for pictures]`, in the checkout, with
// the variables that `up` writes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const [address, pictures] = process.argv.slice(2);
const LIMIT = 20_000;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
  page.setDefaultTimeout(LIMIT);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  const notice = page.locator("#notice");
  const says = (text) => notice.filter({ hasText: text }).waitFor();

  await page.goto(address);
  assert.ok(!page.url().includes("#"), "tokens leave the address");
  await page.getByLabel("Person").selectOption({ label: "alice" });
  // As with a keyboard alone.
  await page.getByRole("button", { name: "Sign in" }).focus();
  await page.keyboard.press("Enter");
  await says("Signed in as Alice.");

  const family = page.getByRole("region", { name: "Family" });
  await family.getByText("The Appletons").waitFor();
  assert.match(await family.innerText(), /Wallet\s+€\d/);
  const board = page.getByRole("region", { name: /Leaderboard/ });
  await board.getByLabel("Challenge").selectOption({ label: "All colours" });
  await board.getByText(/^live, \d+ participants$/).waitFor();
  assert.ok((await board.locator("tbody tr").count()) > 1);
  // Somebody else leaves the challenge and joins again, and the page shows it by itself.
  const challenge_id = await board.getByLabel("Challenge").inputValue();
  const sven = (method) => execFileSync("cargo", ["xtask", "grpc", "--user", "sven", method, JSON.stringify({ challenge_id })]);
  const row = board.getByRole("cell", { name: "Sven" });
  await row.waitFor();
  sven("ParticipantService/WithdrawParticipant");
  await row.waitFor({ state: "detached" });
  sven("ChallengeService/JoinChallenge");
  await row.waitFor();
  const slots = page.getByRole("region", { name: "Free slots" });
  const professionals = await slots.getByLabel("Professional").locator("option").count();
  assert.ok(professionals >= 5, `${professionals} professionals`);
  for (let one = 1; one < professionals; one++) {
    await slots.getByLabel("Professional").selectOption({ index: one });
    if (await slots.getByText(/\d{4}/).first().waitFor({ timeout: 2_000 }).then(() => true, () => false)) break;
  }
  assert.match(await slots.locator("li").first().innerText(), /20\d\d.*\d:\d\d/);
  const recipes = page.getByRole("region", { name: "Recipes" });
  await recipes.getByText(/apple/i).first().waitFor();
  await recipes.getByLabel("Look for").fill("no recipe has these words");
  await recipes.getByRole("button", { name: "Search" }).click();
  await recipes.getByText("Nothing is found.").waitFor();
  await recipes.getByLabel("Look for").fill("apple");
  await page.keyboard.press("Enter");
  await recipes.getByText(/apple/i).first().waitFor();

  // Each control has a label, and each part of the page a name.
  assert.deepEqual(await page.locator("input, select").evaluateAll((all) => all.filter((one) => one.labels.length === 0).map((one) => one.id)), []);
  if (pictures) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${pictures}/${colorScheme}.png`, fullPage: true });
    }
    await page.setViewportSize({ width: 360, height: 700 });
    await page.screenshot({ path: `${pictures}/narrow.png`, fullPage: true });
  }
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  assert.deepEqual(faults, []);

  await page.getByLabel("Token").fill("not.a.token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await says("Unauthenticated");
  assert.ok(!(await family.isVisible()), "nothing of the last person is left");
} finally {
  await browser.close();
}
