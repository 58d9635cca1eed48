// Small plots of the last two minutes: how much comes, how late, how old pictures are, what is lost.

import { html, useState } from "./vendor/preact.js";
import { seconds } from "./events.js";
import { ages } from "./pictures.js";
import { cell, useCell, useEvery } from "./store.js";

const SECONDS = 120;
const SCRAPE_MS = 5000;

const history = cell([]); // one entry a second: the oldest picture of those that came
const scrapes = cell([]); // what was dropped between two scrapes

// What counts as dropped; each has its meaning in docs/metrics.md.
const DROPS = ["lensbus_lost_events_total", "lensbus_junk_messages_total", "lensbus_gateway_gaps_total", "lensbus_gateway_junk_messages_total", "lensbus_gateway_clients_closed_total"];

setInterval(() => {
  const now = Date.now();
  const recent = [...ages.get().values()].filter(({ at }) => now - at < 1500).map(({ age_ms }) => age_ms);
  history.update((list) => [...list.slice(1 - SECONDS), { at: now, value: recent.length ? Math.max(...recent) : null }]);
}, 1000);

/** Return the sums of the counters in a scrape, by their names. */
export function read(text) {
  const sums = new Map();
  for (const row of text.split("\n")) {
    const match = /^([a-z_]+)(?:\{[^}]*\})? (\S+)$/.exec(row);
    if (match) sums.set(match[1], (sums.get(match[1]) ?? 0) + Number(match[2]));
  }
  return sums;
}

async function scrape(signal) {
  try {
    const response = await fetch("/metrics", { signal });
    if (!response.ok) return;
    const sums = read(await response.text());
    scrapes.update((list) => [...list.slice(-SECONDS), { at: Date.now(), sums }]);
  } catch {
    // the gateway is away, which the chain above tells
  }
}

export function Numbers() {
  const rates = useCell(seconds);
  const old = useCell(history);
  const scraped = useCell(scrapes);
  const [now, setNow] = useState(Date.now());
  useEvery(1000, async () => setNow(Date.now()), []);
  useEvery(SCRAPE_MS, scrape, []);

  const second = Math.floor(now / 1000);
  const bySecond = new Map(rates.map((one) => [one.second, one]));
  const span = Array.from({ length: SECONDS }, (_, at) => second - SECONDS + at);
  const dropped = (sums) => DROPS.reduce((sum, name) => sum + (sums.get(name) ?? 0), 0);
  const totals = scraped.map(({ sums }) => dropped(sums));
  // Another gateway may have answered, whose counters are its own: less than before is no drop.
  const drops = totals.map((total, at) => (at ? Math.max(0, total - totals[at - 1]) : 0));
  return html`<h2>Numbers</h2><div class="plots">
    <${Plot} title="Events" unit="/s" points=${span.map((at) => bySecond.get(at)?.events ?? 0)} what="Events that came to this page in each second" />
    <${Plot} title="Delivery" unit=" ms" points=${span.map((at) => bySecond.get(at)?.late_ms ?? null)} what="From what happened to its arrival here, by the gateway’s clock; the latest of each second" />
    <${Plot} title="Picture age" unit=" ms" points=${old.map(({ value }) => value)} what="How old the pictures were when they came; the oldest of those on this page" />
    <${Plot} title="Drops" unit="" points=${drops} what="Events lost, messages unreadable and clients closed between two looks, 5 s apart" total=${totals.at(-1)} />
  </div>`;
}

const [WIDE, HIGH] = [240, 56];

function Plot({ title, unit, points, what, total }) {
  const known = points.filter((value) => value !== null);
  const peak = Math.max(0, ...known);
  const most = Math.max(1, peak);
  const step = WIDE / Math.max(1, points.length - 1);
  const parts = [];
  let pen = "M";
  points.forEach((value, at) => {
    if (value === null) {
      pen = "M";
      return;
    }
    parts.push(`${pen}${(at * step).toFixed(1)} ${(HIGH - 2 - (value / most) * (HIGH - 6)).toFixed(1)}`);
    pen = "L";
  });
  const last = known.at(-1);
  const text = last === undefined ? "–" : `${last < 10 && unit === " ms" ? last.toFixed(1) : Math.round(last)}${unit}`;
  const said = total === undefined ? "" : `, ${total} in all`;
  return html`<figure class="card plot"><figcaption><span>${title}</span> <strong>${text}${said}</strong></figcaption>
    <svg viewBox=${`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" role="img" aria-label=${`${title}: ${text} now, at most ${Math.round(peak)}${unit}. ${what}`}>
      <line x1="0" x2=${WIDE} y1=${HIGH - 2} y2=${HIGH - 2} class="axis" /><path d=${parts.join("")} />
    </svg>
    <p class="quiet">${what}.${known.length ? ` At most ${Math.round(peak)}${unit}.` : ""}</p>
  </figure>`;
}
