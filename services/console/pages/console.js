// Which page is shown: by the address behind the #, for whoever is signed in.

import { ask, get, post, trust } from "./api.js";
import { busy, h, notice, show } from "./dom.js";
import { job } from "./job.js";
import { jobs } from "./jobs.js";
import { networks } from "./networks.js";
import { submit } from "./submit.js";

const PLACES = [
  [/^#\/jobs(?:\?.*)?$/, jobs],
  [/^#\/jobs\/([0-9a-f-]{36})$/, job],
  [/^#\/new$/, submit],
  [/^#\/networks$/, networks],
];

let leaving = () => {};
let isIn = false;

async function go() {
  leaving();
  leaving = () => {};
  notice("");
  if (!isIn) return signIn();
  const hash = location.hash || "#/jobs";
  for (const link of document.querySelectorAll("#places a")) {
    link.toggleAttribute("aria-current", hash.startsWith(link.getAttribute("href")));
  }
  for (const [pattern, page] of PLACES) {
    const found = hash.match(pattern);
    if (found) {
      const over = new AbortController();
      leaving = () => over.abort();
      show(busy());
      try {
        await page(over.signal, ...found.slice(1));
      } catch (error) {
        if (error.name === "AbortError") return undefined;
        show(
          h("h1", {}, "That did not work"),
          h("p", { role: "alert" }, error.message),
          h("p", { class: "row" }, h("button", { type: "button", onclick: go }, "Look again"), h("a", { href: "#/jobs" }, "To the jobs")),
        );
      }
      document.getElementById("main").focus({ preventScroll: true });
      return undefined;
    }
  }
  show(h("h1", {}, "There is no such page"), h("p", {}, h("a", { href: "#/jobs" }, "To the jobs")));
  return undefined;
}

function enter(session) {
  isIn = session.signed_in;
  trust(session.csrf);
  document.getElementById("places").hidden = !isIn;
  document.getElementById("whoami").hidden = !isIn;
  document.getElementById("who").textContent = isIn ? `${session.name} · ${session.project}` : "";
}

function signIn() {
  const key = h("input", {
    id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true,
  });
  const form = h(
    "form",
    {
      class: "card narrow",
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          enter(await post("/console/session", { key: key.value }));
          key.value = "";
          await go();
        } catch (error) {
          notice(error.status === 401 ? "This key is not in force." : error.message);
        }
      },
    },
    h("h1", {}, "Sign in"),
    h("label", { for: "key" }, "Key"),
    key,
    h("p", { class: "dim" }, "The key that ", h("code", {}, "evident serve"), " printed at its first start, or one from ", h("code", {}, "evident keys create"), "."),
    h("button", {}, "Sign in"),
  );
  show(form);
  key.focus();
}

document.getElementById("leave").addEventListener("click", async () => {
  try {
    await ask("/console/session", { method: "DELETE" });
  } catch (error) {
    notice(error.message);
    return;
  }
  enter({ signed_in: false });
  await go();
});
addEventListener("hashchange", go);
addEventListener("signed-out", () => {
  if (!isIn) return;
  enter({ signed_in: false });
  go().then(() => notice("The session is over. Sign in again."));
});

try {
  enter(await get("/console/session"));
} catch (error) {
  enter({ signed_in: false });
  if (error.status !== 401) notice(error.message);
}
await go();
