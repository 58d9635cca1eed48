// All pictures of the page through one WebSocket: a stream is asked for its next picture when the
// last one was drawn, and only while somebody sees it.

import { cell } from "./store.js";

const AGAIN_MS = 1500;

/** Ages of the pictures that came lately, in ms, by `<camera>/<stream>`. */
export const ages = cell(new Map());

const takers = new Map(); // topic to those that draw it
const asked = new Map(); // topic to the time at which it was asked for
let socket = null;
let ready = false;

function open() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/console/pictures`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    ready = true;
    asked.clear();
    for (const topic of takers.keys()) want(topic);
  };
  socket.onmessage = (event) => take(event.data);
  socket.onclose = () => {
    ready = false;
    socket = null;
    setTimeout(() => takers.size && !socket && open(), AGAIN_MS);
  };
}

function want(topic) {
  if (!ready || asked.has(topic) || document.hidden) return;
  asked.set(topic, performance.now());
  socket.send(topic);
}

async function take(buffer) {
  const all = new Uint8Array(buffer);
  const end = all.indexOf(10);
  const said = JSON.parse(new TextDecoder().decode(all.subarray(0, end)));
  const { topic } = said;
  const began = asked.get(topic) ?? performance.now();
  asked.delete(topic);
  const drawn = takers.get(topic);
  if (!drawn?.size) return;
  if (said.seq === undefined) {
    for (const taker of drawn) taker(null, said);
    want(topic);
    return;
  }
  const came = performance.now();
  ages.update((before) => new Map(before).set(topic, { age_ms: said.age_ms, at: Date.now() }));
  try {
    const image = await createImageBitmap(new Blob([all.subarray(end + 1)], { type: "image/jpeg" }));
    for (const taker of drawn) taker(image, said);
    image.close();
  } catch {
    for (const taker of drawn) taker(null, said); // no picture that this browser can read
  }
  const pace_ms = Math.min(...[...drawn].map((taker) => taker.pace_ms));
  setTimeout(() => takers.has(topic) && want(topic), Math.max(0, pace_ms - (performance.now() - Math.max(began, came - pace_ms))));
}

/** Have a stream drawn until the returned function is called. */
export function watch(topic, draw, pace_ms = 0) {
  const taker = (image, said) => draw(image, said);
  taker.pace_ms = pace_ms;
  if (!takers.has(topic)) takers.set(topic, new Set());
  takers.get(topic).add(taker);
  if (!socket) open();
  else want(topic);
  return () => {
    const drawn = takers.get(topic);
    drawn?.delete(taker);
    if (drawn?.size === 0) {
      takers.delete(topic);
      ages.update((before) => {
        const next = new Map(before);
        next.delete(topic);
        return next;
      });
    }
  };
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const topic of takers.keys()) want(topic);
});
