// Another language on the bus: asks for the cameras, then prints every event, decoded as proto/WIRE.md says.
//   npm install && node tap.mjs ~/.local/state/lensbus/run
import { decode, encode } from "@msgpack/msgpack";
import { Request, Subscriber } from "zeromq";

const run = process.argv[2];

async function command(camera, name, args = {}) {
  const request = new Request({ receiveTimeout: 5000, linger: 0 });
  request.connect(`ipc://${run}/commands`);
  await request.send([camera, encode({ v: 1, id: "1", name, args, deadline_ms: 4000 })]);
  const [answer] = await request.receive();
  request.close();
  const { ok, result, error } = decode(answer);
  if (!ok) throw new Error(`${error.code}: ${error.message}`);
  return result;
}

const events = new Subscriber();
events.connect(`ipc://${run}/events`);
events.subscribe("");

const { cameras } = await command("", "cameras");
for (const { camera, vendor, model } of cameras) console.log(`camera ${camera} ${vendor} ${model}`);

for await (const [topic, header, body] of events) {
  const [camera, kind] = topic.toString("ascii").split("/");
  const [epoch, seq, position] = [8, 16, 24].map((offset) => header.readBigUInt64BE(offset));
  console.log(`${position} ${camera} ${epoch}.${seq} ${kind} ${JSON.stringify(decode(body))}`);
}
