// The wall: one tile for every stream that gives pictures, one for every camera that gives none.

import { html, useState } from "./vendor/preact.js";
import { act, oak, request, sony } from "./api.js";
import { cameras, line } from "./events.js";
import { attempt } from "./notices.js";
import { Depth } from "./depth.js";
import { Picture } from "./picture.js";
import { useCell } from "./store.js";
import { useStreams } from "./streams.js";

const LIVE_MODE = "remote"; // in the others some bodies send no live view
const WALL_PACE_MS = 80;
const DEPTH_PACE_MS = 1000;

export const isDepth = (stream) => stream.startsWith("DEPTH_");

export function Wall() {
  const entries = [...useCell(cameras).values()].sort(byName);
  const { state } = useCell(line);
  const idle = entries.filter((entry) => entry.vendor === "sony" && entry.state === "present" && !entry.connected);
  return html`<section aria-labelledby="wall">
    <div class="bar">
      <h1 id="wall" tabindex="-1">Cameras</h1>
      ${idle.length > 0 &&
      html`<button class="main" onClick=${() => Promise.all(idle.map((entry) => goLive(entry.camera)))}>
        Connect ${idle.length === 1 ? "the Sony camera" : `all ${idle.length} Sony cameras`}
      </button>`}
    </div>
    ${entries.length === 0 && html`<${Nobody} state=${state} />`}
    <ul class="wall">
      ${entries.map((entry) => html`<${entry.vendor === "oak" ? OakTiles : SonyTile} key=${entry.camera} entry=${entry} />`)}
    </ul>
  </section>`;
}

function Nobody({ state }) {
  if (state !== "open") return html`<p class="empty">Waiting for the gateway.</p>`;
  return html`<div class="empty">
    <p><strong>No camera has been found.</strong></p>
    <p>Plug one in, switch it on and, for Sony, set its USB mode to remote shooting. It appears here by itself within some seconds.</p>
  </div>`;
}

function byName(a, b) {
  return a.vendor.localeCompare(b.vendor) || a.model.localeCompare(b.model) || a.camera.localeCompare(b.camera);
}

/** Connect a Sony camera and have it show what it sees. */
export async function goLive(camera, mode = LIVE_MODE) {
  return attempt(async () => {
    await act(`${sony(camera)}/connection`, { mode });
    if (mode !== "contents") await act(`${sony(camera)}/live-view/start`);
  });
}

function Tile({ entry, stream, children, note }) {
  return html`<li class="tile">
    <a href=${`#/camera/${entry.camera}${stream ? `/${stream}` : ""}`}>
      ${children}
      <div class="caption"><span class="model">${entry.model}</span> <span class="quiet" title=${entry.camera}>${stream ? `${stream} · …${entry.camera.slice(-6)}` : entry.camera}</span></div>
    </a>
    ${note}
  </li>`;
}

function Still({ text }) {
  return html`<div class="picture none"><p>${text}</p></div>`;
}

function absent(entry) {
  if (entry.stuck) return "Its worker hangs in a call of the camera and is started again.";
  if (entry.state === "silent") return "Its worker says nothing.";
  if (entry.state === "gone") return "It is not seen any more. Health says what to do.";
  if (entry.state === "lost") return "Its worker is lost.";
  return null;
}

function SonyTile({ entry }) {
  const [shows, setShows] = useState(true);
  const why = absent(entry);
  const { camera } = entry;
  if (why) return html`<${Tile} entry=${entry}><${Still} text=${why} /><//>`;
  if (!entry.connected) {
    const connect = html`<button onClick=${() => goLive(camera)}>Connect</button>`;
    return html`<${Tile} entry=${entry} note=${connect}><${Still} text="Not connected." /><//>`;
  }
  const start = html`<button onClick=${() => attempt(() => act(`${sony(camera)}/live-view/start`))}>Start live view</button>`;
  return html`<${Tile} entry=${entry} note=${shows ? null : start}>
    <${Picture} camera=${camera} stream="liveview" label=${`Live view of ${entry.model}`} pace_ms=${WALL_PACE_MS} onShown=${setShows} />
    ${!shows && html`<p class="over">Live view is off.</p>`}
  <//>`;
}

function OakTiles({ entry }) {
  const [streams] = useStreams(entry);
  const why = absent(entry) ?? (entry.connected ? null : "The camera is shut down or cannot be reached.");
  if (why) {
    const boot = html`<button onClick=${() => attempt(() => request("POST", oak(entry.camera)))}>Boot</button>`;
    return html`<${Tile} entry=${entry} note=${entry.state === "present" ? boot : null}><${Still} text=${why} /><//>`;
  }
  const on = (streams ?? []).filter((stream) => stream.active);
  if (!on.length) return html`<${Tile} entry=${entry}><${Still} text=${streams ? "All of its streams are off." : "…"} /><//>`;
  return on.map(({ name }) => html`<${OakTile} key=${name} entry=${entry} stream=${name} />`);
}

function OakTile({ entry, stream }) {
  const [shows, setShows] = useState(true);
  const label = `${stream} of ${entry.model}`;
  const kind = isDepth(stream) ? Depth : Picture;
  const pace_ms = isDepth(stream) ? DEPTH_PACE_MS : WALL_PACE_MS;
  return html`<${Tile} entry=${entry} stream=${stream}>
    <${kind} camera=${entry.camera} stream=${stream} label=${label} pace_ms=${pace_ms} onShown=${setShows} />
    ${!shows && html`<p class="over">No picture comes.</p>`}
  <//>`;
}
