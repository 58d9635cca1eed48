// Who is signed in, and the page on which somebody does so. Where no token is demanded, nobody sees
// any of this.

import { html, useState } from "./vendor/preact.js";
import { cell, useCell } from "./store.js";

const PATH = "/console/session";

/** What the gateway says of this visit; `known` once it has said so. */
export const visit = cell({ known: false, demanded: false, signed_in: false, reason: "" });

const isIn = (who) => who.known && (who.signed_in || !who.demanded);

/** Wait until this page may ask for what it shows. */
export function admitted() {
  return new Promise((resolve) => {
    if (isIn(visit.get())) return resolve();
    const stop = visit.follow((who) => {
      if (!isIn(who)) return;
      stop();
      resolve();
    });
  });
}

/** Ask the gateway who is signed in: at the beginning, and whenever it has refused something. */
export async function look() {
  try {
    const response = await fetch(PATH, { cache: "no-store" });
    if (response.ok) return visit.set({ known: true, ...(await response.json()) });
  } catch {
    // the gateway is away; the stream tells so too
  }
  setTimeout(look, 1500);
}

async function signIn(token) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(PATH, { method: "POST", headers, body: JSON.stringify({ token }) });
  const told = await response.json();
  if (!response.ok) throw new Error(told.detail);
  visit.set({ known: true, ...told });
}

async function signOut() {
  await fetch(PATH, { method: "DELETE" });
  location.reload(); // with it go all streams that were open
}

/** Who is signed in, and the way out. */
export function Visitor() {
  const who = useCell(visit);
  if (!who.signed_in) return null;
  const what = who.cameras ? `${who.scope} of ${who.cameras.join(", ")}` : who.scope;
  return html`<span class="visitor" title=${what}><span class="quiet">${who.name}, ${who.scope}</span>
    <button onClick=${signOut}>Sign out</button></span>`;
}

/** The page of somebody who is not signed in. */
export function SignIn() {
  const { reason } = useCell(visit);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(event.target.elements.token.value.trim());
    } catch (error) {
      setWrong(error instanceof TypeError ? "The gateway cannot be reached; try again in some seconds." : error.message);
      setBusy(false);
    }
  };
  return html`<section class="signin" aria-labelledby="signin">
    <h1 id="signin" tabindex="-1">Sign in</h1>
    <p>You are signed out${reason ? html`: ${reason}` : ""}. This system shows its cameras to those who have a token. Its operator makes one with <code>lensbus token create</code>; it is asked for once, and kept by this browser as a cookie.</p>
    <form onSubmit=${submit}>
      <label for="token">Token</label>
      <input id="token" type="password" autocomplete="current-password" spellcheck="false" required aria-describedby=${wrong ? "wrong" : undefined} aria-invalid=${wrong ? "true" : undefined} />
      <button disabled=${busy}>Sign in</button>
    </form>
    <p id="wrong" class="bad" role="alert">${wrong}</p>
  </section>`;
}
