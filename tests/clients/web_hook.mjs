// A receiver of web hooks on this machine, and waiting for what it gets.

import { createServer } from "node:http";

/** How long a web hook may take, in milliseconds. */
const ARRIVES_WITHIN_MS = 20_000;

/** Listens until `close`; `answer(url, body)` says what to answer, and what it notes in `got` is awaited. */
export async function webHook(answer) {
  const got = [];
  let arrived = () => {};
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const { status, text = "", note = [] } = answer(new URL(request.url, "http://localhost"), body, request.headers);
    response.writeHead(status, { "Content-Type": "text/plain" }).end(text);
    got.push(...note);
    arrived();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    address: `http://127.0.0.1:${server.address().port}/hook`,
    got,
    /** Waits until so many notes are there. */
    async until(count) {
      const late = AbortSignal.timeout(ARRIVES_WITHIN_MS);
      while (got.length < count) {
        await new Promise((done, failed) => {
          arrived = done;
          late.onabort = () => failed(new Error(`${got.length} of ${count} web hooks came in time`));
        });
      }
    },
    close: () => server.close(),
  };
}
