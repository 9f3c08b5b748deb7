// Signs in, and shows what the edge says.
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { watchBoard } from "./board";
import { attempt, type Calls, calls } from "./calls";
import { byId, list, notice, options } from "./dom";
import { showFamily } from "./family";

/** People and their tokens, from the part of the address that browsers send to nobody. */
function people(): [string, string][] {
  const found = [...new URLSearchParams(location.hash.slice(1))];
  // Not in the history, nor over somebody's shoulder.
  history.replaceState(null, "", location.pathname);
  return found;
}

/** In milliseconds. */
const FORTNIGHT = 14 * 24 * 3600 * 1000;
let session = new AbortController();

/** Calls something now and whenever a control is changed, until the session or the next change. */
function follow(select: HTMLSelectElement, what: string, work: (value: string, signal: AbortSignal) => Promise<void>): void {
  let last = new AbortController();
  const { signal: whole } = session;
  const begin = () => {
    last.abort();
    last = new AbortController();
    const signal = AbortSignal.any([last.signal, whole]);
    if (select.value !== "") void attempt(what, () => work(select.value, signal), signal);
  };
  select.addEventListener("change", begin, { signal: whole });
  begin();
}

async function show(edge: Calls, signal: AbortSignal): Promise<void> {
  const home = (await edge.edge.getHome({}, { signal })).home;
  const name = home?.profile?.profile?.displayName ?? "a user without a profile";
  byId("main").hidden = false;
  notice(`Signed in as ${name}.`);

  const plan = home?.families?.plans[0];
  if (plan) {
    const request = { familyPlanId: plan.familyPlanId };
    const dashboard = async () => {
      const answer = await edge.edge.getFamilyDashboard(request, { signal });
      if (answer.dashboard) showFamily(byId("family"), answer.dashboard);
    };
    void attempt("Family", dashboard, signal);
  } else {
    byId("family").textContent = "No family yet.";
  }

  const challenges = (home?.activeChallenges?.standings ?? []).map((standing) => standing.challenge);
  options(byId("challenge"), challenges.map((one) => [one?.challengeId ?? "", one?.challengeName ?? ""]));
  follow(byId("challenge"), "Leaderboard", (id, until) => watchBoard(edge, id, until));
  void attempt("Free slots", () => professionals(edge, signal), signal);
  void attempt("Recipes", () => search(edge, signal), signal);
}

async function professionals(edge: Calls, signal: AbortSignal): Promise<void> {
  const found = await edge.directory.searchProfessionals({ pageSize: 20 }, { signal });
  const entries = found.professionals.map((one): [string, string] => {
    return [one.professionalId, one.professionalName];
  });
  options(byId("professional"), entries);
  follow(byId("professional"), "Free slots", async (professionalId, until) => {
    const now = Date.now();
    const [fromTime, toTime] = [timestampFromMs(now), timestampFromMs(now + FORTNIGHT)];
    const answer = await edge.slots.listAvailableSlots({ professionalId, fromTime, toTime, pageSize: 8 }, { signal: until });
    const times = answer.slots.flatMap((slot) => (slot.startTime ? [timestampDate(slot.startTime)] : []));
    const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
    list(byId("slots"), times.map((time) => format.format(time)), "No free slot.");
  });
}

async function search(edge: Calls, signal: AbortSignal): Promise<void> {
  const text = byId<HTMLInputElement>("text").value;
  const found = await edge.recipes.searchRecipes({ text, pageSize: 10 }, { signal });
  list(byId("recipes"), found.results.map((one) => one.recipe?.recipeName ?? ""), "Nothing is found.");
}

function signIn(token: string): void {
  session.abort();
  session = new AbortController();
  const { signal } = session;
  byId("main").hidden = true;
  notice("Signing in.");
  const edge = calls(token);
  void attempt("Sign in", () => show(edge, signal), signal);
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt("Recipes", () => search(edge, signal), signal);
  }, { signal });
}

const known = people();
const [person, token] = [byId<HTMLSelectElement>("person"), byId<HTMLInputElement>("token")];
options(person, known.map(([name, token]) => [token, name]));
byId("person-label").hidden = known.length === 0;
byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = token.value.trim() || person.value;
  token.value = "";
  if (chosen === "") return notice("Paste a token first.", true);
  signIn(chosen);
});
