// What is asked of /v1. The cookie says who asks; what changes something carries the session's token.

let csrf = "";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code || "";
    this.fields = problem.fields || [];
  }
}

export function trust(token) {
  csrf = token || "";
}

export function guarded(headers = {}) {
  return { ...headers, "X-CSRF-Token": csrf };
}

export async function ask(path, { method = "GET", json, body, headers = {}, signal } = {}) {
  const sent = method === "GET" ? { ...headers } : guarded(headers);
  if (json !== undefined) {
    sent["Content-Type"] = "application/json";
    body = JSON.stringify(json);
  }
  let reply;
  try {
    reply = await fetch(path, { method, body, headers: sent, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { detail: "The server does not answer. What was accepted is not lost." });
  }
  if (reply.status === 204) return { result: null, reply };
  const told = await reply.json().catch(() => ({}));
  if (!reply.ok) {
    if (reply.status === 401) dispatchEvent(new CustomEvent("signed-out"));
    throw new Refused(reply.status, told.error || {});
  }
  return { result: told.result, reply };
}

export async function get(path, signal) {
  return (await ask(path, { signal })).result;
}

export async function post(path, json, headers) {
  return (await ask(path, { method: "POST", json, headers })).result;
}

const PART = 16 * 1024 * 1024;
const TRIES = 6;

// A file goes in parts, and goes on from where the server stands when a line breaks.
export async function upload(file, told, signal) {
  const name = encodeURIComponent(file.name);
  if (file.size <= PART) {
    const headers = { "Content-Digest": `sha-256=:${await digest(file)}:` };
    const { result } = await ask(`/v1/artifacts?name=${name}`, { method: "POST", body: file, headers, signal });
    told(file.size);
    return result;
  }
  const begun = await ask(`/v1/artifacts?name=${name}`, {
    method: "POST", headers: { "Upload-Complete": "?0" }, signal,
  });
  const where = begun.reply.headers.get("Location");
  const size = Math.max(PART, begun.result.least_append_bytes);
  let at = 0;
  let tries = 0;
  for (;;) {
    const part = file.slice(at, at + size);
    const isLast = at + part.size >= file.size;
    const headers = { "Upload-Offset": String(at), "Upload-Complete": isLast ? "?1" : "?0" };
    try {
      const { result } = await ask(where, { method: "PATCH", body: part, headers, signal });
      tries = 0;
      if (isLast) {
        told(file.size);
        return result;
      }
      at = result.held;
      told(at);
    } catch (error) {
      if (error.name === "AbortError" || ![0, 409, 429, 502, 503].includes(error.status)) throw error;
      if (++tries > TRIES) throw error;
      await new Promise((go) => setTimeout(go, 500 * 2 ** tries));
      at = await stands(where, at);
    }
  }
}

async function stands(where, at) {
  try {
    const { reply } = await ask(where, { method: "HEAD" });
    return Number(reply.headers.get("Upload-Offset") ?? at);
  } catch (error) {
    if (error.status === 0) return at;
    throw error;
  }
}

async function digest(file) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return btoa(String.fromCharCode(...found));
}
