// A leaderboard that follows the challenge: a snapshot, then what changes.
import type { WatchedEntry } from "../gen/orchard/social/v1/leaderboard_service_pb";
import type { Calls } from "./calls";
import { byId, element } from "./dom";

const SHOWN = 10;

function row({ entry }: WatchedEntry): HTMLElement {
  const made = element("tr", "", entry?.isMe ? "me" : "");
  const cells = [`${entry?.rank ?? ""}`, entry?.displayName ?? "", `${entry?.finalScore ?? ""}`];
  made.append(...cells.map((text) => element("td", text)));
  return made;
}

/** Shows the board until the signal is aborted or the stream ends. */
export async function watchBoard(calls: Calls, challengeId: string, signal: AbortSignal): Promise<void> {
  const state = byId("board-state");
  const entries = new Map<string, WatchedEntry>();
  byId("board").replaceChildren();
  state.textContent = "connecting";
  try {
    for await (const change of calls.boards.watchLeaderboard({ challengeId, limit: SHOWN }, { signal })) {
      if (change.isSnapshot) entries.clear();
      change.removedEntryKeys.forEach((key) => entries.delete(key));
      change.entries.forEach((entry) => entries.set(entry.entryKey, entry));
      const sorted = [...entries.values()].sort((a, b) => a.position - b.position);
      byId("board").replaceChildren(...sorted.map(row));
      state.textContent = `live, ${change.participantCount} participants`;
    }
  } finally {
    if (!signal.aborted) state.textContent = "ended";
  }
}
