// The console: its frame, and which page the address names.

import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { cameras, follow } from "./events.js";
import { Chain, Health } from "./health.js";
import { Notices } from "./notices.js";
import { OakPanel } from "./oak.js";
import { SignIn, Visitor, look, visit } from "./session.js";
import { SonyPanel } from "./sony.js";
import { useCell } from "./store.js";
import { Standing, Timeline } from "./timeline.js";
import { Wall } from "./wall.js";

const PAGES = [
  ["", "Cameras"],
  ["events", "Events"],
  ["health", "Health"],
];

function place() {
  const [page = "", camera = "", stream = ""] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
  return { page, camera, stream };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

function usePlace() {
  const [now, setNow] = useState(place());
  useEffect(() => {
    const turn = () => setNow(place());
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  return now;
}

function Console() {
  const { page, camera, stream } = usePlace();
  const who = useCell(visit);
  const outside = who.demanded && !who.signed_in;
  const main = useRef();
  const first = useRef(true);
  useEffect(() => {
    document.title = `${PAGES.find(([name]) => name === page)?.[1] ?? camera} · lensbus`;
    if (first.current) first.current = false;
    else {
      // Who reads with the ears or walks with the keys begins at the head of the new page.
      main.current.querySelector("h1")?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [page, camera]);
  return html`<a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>Skip to the content</a>
    <header>
      <a class="brand" href="#/"><img src="/console/icon.svg" alt="" width="22" height="22" />lensbus</a>
      <nav aria-label="Pages">${PAGES.map(([name, title]) => html`<a href=${`#/${name}`} aria-current=${page === name ? "page" : undefined}>${title}</a>`)}</nav>
      ${outside ? null : html`<${Standing} />`}
      <${Visitor} />
    </header>
    <main id="main" ref=${main} tabindex="-1">
      ${!who.known ? html`<p class="empty">Waiting for the gateway…</p>` : outside ? html`<${SignIn} />` : page === "camera" ? html`<${Panel} key=${camera} camera=${camera} stream=${stream} />` : page === "events" ? html`<${Timeline} />` : page === "health" ? html`<${Health} />` : html`<${Wall} />`}
    </main>
    <${Notices} />`;
}

function Panel({ camera, stream }) {
  const entry = useCell(cameras).get(camera);
  if (!entry) {
    return html`<h1 tabindex="-1">${camera}</h1><p class="empty">No camera of this name is known now. It appears here as soon as it is found; <a href="#/">these are there</a>.</p>`;
  }
  return html`<div class="bar"><h1 tabindex="-1">${entry.model} <span class="quiet">${entry.camera}</span></h1></div>
    ${entry.state !== "present" || entry.stuck ? html`<${Chain} entry=${entry} />` : html`<${entry.vendor === "oak" ? OakPanel : SonyPanel} entry=${entry} stream=${stream} />`}
    <${Timeline} camera=${camera} />`;
}

const app = document.getElementById("app");
app.replaceChildren();
render(html`<${Console} />`, app);
look();
follow();
