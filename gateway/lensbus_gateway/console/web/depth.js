// Depth: coloured from the true millimetres, with a scale in metres, and read under the pointer.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { bytes, oak } from "./api.js";
import { decode } from "./png16.js";
import { useSeen } from "./picture.js";

// From near to far; every step differs in lightness too, so that it can be read without colours.
const STOPS = [
  [255, 236, 179],
  [251, 168, 72],
  [221, 81, 58],
  [150, 40, 100],
  [78, 32, 122],
  [26, 22, 74],
];
const NOTHING = [58, 62, 66];

const COLOURS = (() => {
  const table = new Uint32Array(256);
  for (let at = 0; at < 256; at += 1) {
    const place = (at / 255) * (STOPS.length - 1);
    const low = Math.min(Math.floor(place), STOPS.length - 2);
    const [r, g, b] = STOPS[low].map((from, i) => from + (STOPS[low + 1][i] - from) * (place - low));
    table[at] = pixel(r, g, b);
  }
  return table;
})();

function pixel(r, g, b) {
  return ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}

/** Return the nearest and farthest that matter, in mm: one pixel in fifty may lie outside. */
export function spread(values) {
  const counts = new Uint32Array(4096); // of 16 mm each
  let total = 0;
  for (const value of values) {
    if (value) {
      counts[value >> 4] += 1;
      total += 1;
    }
  }
  if (!total) return null;
  const at = (share) => {
    let seen = 0;
    for (let bin = 0; bin < counts.length; bin += 1) {
      seen += counts[bin];
      if (seen >= total * share) return bin * 16;
    }
    return 65_535;
  };
  const near = at(0.01);
  return { near, far: Math.max(at(0.99) + 16, near + 100), measured: total / values.length };
}

function paint(canvas, { width, height, values }, { near, far }) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { alpha: false });
  const image = context.createImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const nothing = pixel(...NOTHING);
  const scale = 255 / (far - near);
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    out[at] = value ? COLOURS[Math.max(0, Math.min(255, Math.round((value - near) * scale)))] : nothing;
  }
  context.putImageData(image, 0, 0);
}

const metres = (mm) => (mm / 1000).toFixed(2);

/** Show a depth stream; with `reads` the millimetres under the pointer or the arrow keys. */
export function Depth({ camera, stream, label, pace_ms = 1000, reads = false, onShown = () => {} }) {
  const box = useRef();
  const canvas = useRef();
  const picture = useRef(null);
  const seen = useSeen(box);
  const [range, setRange] = useState(null);
  const [place, setPlace] = useState(null); // as fractions of the picture

  useEffect(() => {
    if (!seen) return undefined;
    const end = new AbortController();
    let timer = 0;
    let count = 0;
    const turn = async () => {
      if (!document.hidden) {
        try {
          const content = await bytes(`${oak(camera)}/streams/${stream}/depth`, end.signal);
          const found = await decode(content);
          if (end.signal.aborted || !canvas.current) return;
          picture.current = found;
          const next = spread(found.values) ?? { near: 0, far: 1000, measured: 0 };
          paint(canvas.current, found, next);
          canvas.current.dataset.seq = ++count;
          setRange(next);
          onShown(true);
        } catch (error) {
          if (end.signal.aborted) return;
          onShown(false, error);
        }
      }
      timer = setTimeout(turn, pace_ms);
    };
    turn();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [camera, stream, pace_ms, seen]);

  const under = reads && place && picture.current ? read(picture.current, place) : null;
  const move = (event) => {
    const frame = canvas.current.getBoundingClientRect();
    setPlace({ x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height });
  };
  const step = (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const { x, y } = place ?? { x: 0.5, y: 0.5 };
    setPlace({ x: within(x + by[0] * 0.02), y: within(y + by[1] * 0.02) });
  };
  const handlers = reads
    ? { onPointerMove: move, onPointerDown: move, onPointerLeave: () => setPlace(null), onKeyDown: step, tabIndex: 0 }
    : {};
  return html`<div class="picture depth" ref=${box}>
    <div class=${reads ? "aim" : ""} ...${handlers} ...${reads ? { role: "application", "aria-label": `${label}. Arrow keys read the distance.` } : {}}>
      <canvas ref=${canvas} width="640" height="400" role="img" aria-label=${label}></canvas>
      ${under && html`<span class="cross" style=${{ left: `${place.x * 100}%`, top: `${place.y * 100}%` }}></span>`}
    </div>
    ${range && html`<${Scale} range=${range} />`}
    ${reads &&
    html`<p class="reading" aria-live="polite">
      ${under === null ? "Point at the picture to read a distance." : under ? `${under} mm (${metres(under)} m)` : "Nothing measured here."}
    </p>`}
  </div>`;
}

const within = (share) => Math.min(1, Math.max(0, share));

function read({ width, height, values }, { x, y }) {
  const column = Math.min(width - 1, Math.floor(within(x) * width));
  const row = Math.min(height - 1, Math.floor(within(y) * height));
  return values[row * width + column];
}

function Scale({ range: { near, far, measured } }) {
  const ticks = [0, 1, 2, 3, 4].map((at) => `${metres(near + ((far - near) * at) / 4)} m`);
  const words = `${metres(near)} m to ${metres(far)} m, ${Math.round(measured * 100)} % measured`;
  return html`<div class="scale" role="img" aria-label=${words} title=${words}>
    <div class="ramp"></div>
    <div class="ticks">${ticks.map((text) => html`<span>${text}</span>`)}</div>
  </div>`;
}
