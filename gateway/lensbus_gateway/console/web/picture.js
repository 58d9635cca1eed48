// A live picture: drawn on a canvas, only while it is on the screen, with its age beside it.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { watch } from "./pictures.js";

const WIDEST = 1280;

/** Tell whether an element is on the screen. */
export function useSeen(element) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setSeen(entry.isIntersecting), { rootMargin: "80px" });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return seen;
}

/** Return an age in words that fit beside a picture. */
export function ageText(age_ms) {
  if (age_ms < 1000) return `${Math.round(age_ms)} ms`;
  if (age_ms < 60_000) return `${(age_ms / 1000).toFixed(1)} s`;
  return `${Math.floor(age_ms / 60_000)} min`;
}

/** Show a stream; `onShown` is told whether there are pictures. */
export function Picture({ camera, stream, label, pace_ms = 0, onShown = () => {} }) {
  const box = useRef();
  const canvas = useRef();
  const age = useRef();
  const seen = useSeen(box);
  const told = useRef(onShown);
  told.current = onShown;

  useEffect(() => {
    if (!seen) return undefined;
    let taken = 0; // when the picture that is shown was taken, by this page's clock
    const draw = (image, said) => {
      const target = canvas.current;
      if (!target) return;
      told.current(image !== null);
      if (image === null) return;
      const shrink = Math.min(1, WIDEST / image.width);
      const [width, height] = [Math.round(image.width * shrink), Math.round(image.height * shrink)];
      if (target.width !== width || target.height !== height) Object.assign(target, { width, height });
      target.getContext("2d", { alpha: false }).drawImage(image, 0, 0, width, height);
      target.dataset.seq = said.seq;
      taken = Date.now() - said.age_ms;
    };
    const stop = watch(`${camera}/${stream}`, draw, pace_ms);
    const timer = setInterval(() => {
      if (!age.current || !taken) return;
      const age_ms = Date.now() - taken;
      age.current.textContent = ageText(age_ms);
      box.current.classList.toggle("old", age_ms > 2000);
    }, 500);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [camera, stream, pace_ms, seen]);

  return html`<div class="picture" ref=${box}>
    <canvas ref=${canvas} width="640" height="400" role="img" aria-label=${label}></canvas>
    <span class="age" ref=${age} aria-hidden="true" title="Age of this picture"></span>
  </div>`;
}
