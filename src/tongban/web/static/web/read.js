// Reads the page aloud, only where this device has a voice for its language. Comfort alone.
(() => {
  const button = document.querySelector("[data-read]");
  const speech = window.speechSynthesis;
  if (!button || !speech) return;
  const tongue = document.documentElement.lang.slice(0, 2);
  const voice = () => speech.getVoices().find((one) => one.lang.slice(0, 2) === tongue);
  const offer = () => { if (voice()) button.hidden = false; };
  const words = { start: button.textContent, stop: button.dataset.stop };
  const idle = () => { button.textContent = words.start; };
  button.addEventListener("click", () => {
    if (speech.speaking) { speech.cancel(); idle(); return; }
    const said = new SpeechSynthesisUtterance(document.getElementById("main").innerText);
    said.voice = voice();
    said.lang = said.voice.lang;
    said.rate = 0.9;
    said.onend = said.onerror = idle;
    button.textContent = words.stop;
    speech.speak(said);
  });
  speech.addEventListener?.("voiceschanged", offer);
  offer();
})();
