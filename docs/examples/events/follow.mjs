// Follow the events of a lensbus through its restarts: `node follow.mjs http://127.0.0.1:8080`.
// Needs nothing but Node 18. Prints one line for each event; a line is printed once.

const OF_THE_STREAM = new Set(["connected", "resumed", "heartbeat"]);
const SILENCE_MS = 20_000; // twice the sign of life that is asked for

let cursor = "";
let waitMs = 1000;

function take(block) {
  const fields = Object.fromEntries(
    block.split("\n").map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  if (fields.retry) waitMs = Number(fields.retry);
  if (fields.event && fields.data) tell(fields.event, JSON.parse(fields.data));
  cursor = fields.id ?? cursor; // only now: what was not handled comes again
}

function tell(kind, data) {
  if (kind === "gap") console.log("lost for good:", data.count, data.reason);
  else if (!(OF_THE_STREAM.has(kind) && data.cameraId === "*")) console.log(data.cameraId, kind, data.seq);
}

async function read(url) {
  const line = new AbortController();
  let timer = setTimeout(() => line.abort(), SILENCE_MS);
  try {
    const headers = cursor ? { "Last-Event-ID": cursor } : {};
    const answer = await fetch(`${url}/api/events?heartbeat=10`, { headers, signal: line.signal });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of answer.body) {
      clearTimeout(timer);
      timer = setTimeout(() => line.abort(), SILENCE_MS);
      text += decoder.decode(bytes, { stream: true });
      const parts = text.split("\n\n");
      text = parts.pop();
      parts.forEach(take);
    }
  } finally {
    clearTimeout(timer);
  }
}

while (true) {
  try {
    await read(process.argv[2]);
  } catch (error) {
    console.error("line lost:", error.message);
  }
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}
