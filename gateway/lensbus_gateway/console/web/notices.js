// What went wrong or was done, said once, at the foot of the page.

import { html } from "./vendor/preact.js";
import { cell, useCell } from "./store.js";

const SHOWN_MS = { good: 5000, bad: 15_000 };
const MOST = 4;

const notices = cell([]);
let serial = 0;

/** Say something. */
export function tell(text, level = "good", advice = "") {
  const id = ++serial;
  notices.update((list) => [...list.filter((one) => one.text !== text), { id, text, level, advice }].slice(-MOST));
  setTimeout(() => dismiss(id), SHOWN_MS[level]);
}

function dismiss(id) {
  notices.update((list) => list.filter((one) => one.id !== id));
}

/** Say why something did not work and what to do next. */
export function tellFailure(error) {
  tell(error.message, "bad", error.advice ?? "");
}

/** Run something; say what went wrong, and return whether it worked. */
export async function attempt(work, done = "") {
  try {
    await work();
  } catch (error) {
    tellFailure(error);
    return false;
  }
  if (done) tell(done);
  return true;
}

addEventListener("keydown", (event) => {
  const newest = notices.get().at(-1);
  if (event.key === "Escape" && !event.defaultPrevented && newest) dismiss(newest.id);
});

export function Notices() {
  return html`<div class="notices" role="status" aria-live="polite">
    ${useCell(notices).map(
      (one) => html`<div key=${one.id} class=${`notice ${one.level}`}>
        <p><strong>${sentence(one.text)}</strong> ${one.advice}</p>
        <button class="plain" aria-label="Dismiss" onClick=${() => dismiss(one.id)}>×</button>
      </div>`,
    )}
  </div>`;
}

/** Return a text with a capital at its beginning and a stop at its end. */
export function sentence(text) {
  const trimmed = text.trim();
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
