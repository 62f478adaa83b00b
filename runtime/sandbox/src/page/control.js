// The control plane, from the page.

/** What a browser says in English when nobody answers, said so that it helps. */
const GONE = "o simulador não responde. Suba a demonstração de novo: a conversa continua de onde parou.";

async function reach(path, options) {
  try {
    return await fetch(`/control/${path}`, options);
  } catch {
    throw new Error(GONE);
  }
}

export async function get(path) {
  const answer = await reach(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export async function post(path, body = {}) {
  const answer = await reach(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(json.error || `${answer.status}`);
  return json;
}

export const remove = (path) => reach(path, { method: "DELETE" });

let hiding = 0;
/** A word to whoever looks, for a few seconds. */
export function tell(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { toast.hidden = true; }, 5000);
}

/** Does something at most once per moment, and once more if it was asked for meanwhile. */
export function calmly(work, pause = 60) {
  let timer = 0;
  let running = false;
  let again = false;
  const run = async () => {
    timer = 0;
    running = true;
    try { await work(); } catch (error) { console.warn(error); }
    running = false;
    if (again) { again = false; ask(); }
  };
  const ask = () => {
    if (running) again = true;
    else if (!timer) timer = setTimeout(run, pause);
  };
  return ask;
}
