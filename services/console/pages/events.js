// Events of a job as they happen, of whatever kind, from where a broken line stopped.
// The form is that of text/event-stream (WHATWG HTML, 9.2); EventSource would hear only kinds that
// it was told of beforehand.

const AGAIN_MS = 2000;
const REFUSED = [401, 403, 404];

// `lost` is told of every line that broke. Who is refused does not come back by itself.
export async function follow(path, signal, heard, lost) {
  let last = "";
  for (;;) {
    try {
      const reply = await fetch(path, {
        credentials: "same-origin", signal, headers: last ? { "Last-Event-ID": last } : {},
      });
      if (reply.status === 204) return;
      if (REFUSED.includes(reply.status)) return;
      if (!reply.ok) throw new Error(`The server answered ${reply.status}.`);
      for await (const event of parsed(reply.body, signal)) {
        if (event.kind === "end") return;
        last = event.id || last;
        heard(JSON.parse(event.data));
      }
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    if (signal.aborted) return;
    lost();
    await new Promise((go) => setTimeout(go, AGAIN_MS));
    if (signal.aborted) return;
  }
}

async function* parsed(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done || signal.aborted) return;
    held += value;
    let end = held.indexOf("\n\n");
    while (end >= 0) {
      const fields = {};
      for (const line of held.slice(0, end).split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
      }
      held = held.slice(end + 2);
      if (fields.data !== undefined) yield { id: fields.id, kind: fields.event, data: fields.data };
      end = held.indexOf("\n\n");
    }
  }
}
