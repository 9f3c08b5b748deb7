// The dashboard of a family.
import { SectionState, type SectionStatus } from "../gen/orchard/edge/v1/section_pb";
import type { FamilyDashboard } from "../gen/orchard/edge/v1/dashboard_pb";
import { element } from "./dom";

const money = (dashboard: FamilyDashboard): string => {
  const balance = dashboard.walletBalance;
  if (!balance) return "";
  const style = { style: "currency", currency: balance.currencyCode } as const;
  return new Intl.NumberFormat(undefined, style).format(Number(balance.units) + balance.nanos / 1e9);
};

/** What a section says, or why it says nothing: an absent number is never shown as zero. */
function said(status: SectionStatus | undefined, text: string): string {
  switch (status?.state) {
    case SectionState.DENIED:
      return "not for you";
    case SectionState.UNAVAILABLE:
      return "not available now";
    default:
      return text === "" ? "nothing yet" : text;
  }
}

export function showFamily(into: HTMLElement, dashboard: FamilyDashboard): void {
  const calories = dashboard.avgWeeklyCalories;
  const rows: [string, string][] = [
    ["Members", `${dashboard.activeMembers} active of ${dashboard.totalMembers}`],
    ["Wallet", said(dashboard.wallet, money(dashboard))],
    ["Calories per week", said(dashboard.nutrition, calories === undefined ? "" : Math.round(calories).toLocaleString())],
    ["Active challenges", said(dashboard.challenges, dashboard.activeChallenges?.toString() ?? "")],
  ];
  const terms = document.createElement("dl");
  terms.append(...rows.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  into.replaceChildren(element("h3", dashboard.familyName), terms);
}
