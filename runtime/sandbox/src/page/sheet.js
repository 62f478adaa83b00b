// The sheet that slides up inside the phone: lists, people, attachments.

const sheet = document.getElementById("sheet");
let opener = null;

export function openSheet(title, nodes) {
  opener = document.activeElement;
  document.getElementById("sheet-title").textContent = title;
  const body = document.getElementById("sheet-body");
  body.replaceChildren(...nodes);
  sheet.hidden = false;
  (body.querySelector("button, input") || document.getElementById("sheet-close")).focus({ preventScroll: true });
  body.scrollTop = 0;
}

export function closeSheet() {
  if (sheet.hidden) return;
  sheet.hidden = true;
  opener?.focus?.();
}

document.getElementById("sheet-close").addEventListener("click", closeSheet);
sheet.addEventListener("click", (event) => { if (event.target === sheet) closeSheet(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSheet(); });
