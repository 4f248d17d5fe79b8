// A signature drawn with a finger, a pen or a mouse: <div data-signature hidden> with a canvas, a hidden field that gets the
// drawing as a PNG, and a button that clears it. Without scripts the place stays hidden, and paper remains.

/** @param {HTMLElement} place */
function wire(place) {
  const canvas = place.querySelector("canvas");
  const field = place.querySelector("input[type=hidden]");
  const brush = canvas?.getContext("2d");
  if (!canvas || !(field instanceof HTMLInputElement) || !brush) return;
  place.hidden = false;
  brush.lineWidth = 2.5;
  brush.lineCap = "round";
  brush.lineJoin = "round";
  brush.strokeStyle = "#0b2a2f";
  let drawing = false;

  /** @param {PointerEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    const [x, y] = at(event);
    brush.beginPath();
    brush.moveTo(x, y);
    brush.lineTo(x + 0.1, y);
    brush.stroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const step of event.getCoalescedEvents?.() ?? [event]) brush.lineTo(...at(step));
    brush.stroke();
  });
  const end = () => {
    if (!drawing) return;
    drawing = false;
    field.value = canvas.toDataURL("image/png");
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  place.querySelector("[data-clear]")?.addEventListener("click", () => {
    brush.clearRect(0, 0, canvas.width, canvas.height);
    field.value = "";
  });
}

export function start() {
  for (const place of document.querySelectorAll("[data-signature]")) if (place instanceof HTMLElement) wire(place);
}
