// The browser's passkey dialogue (WebAuthn): fetch the options, let the device sign, send the answer.
"use strict";
const form = document.getElementById("passkey");

const post = (address, body) =>
  fetch(address, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    body,
  }).then((answer) => {
    if (answer.redirected) location.assign(answer.url); // prove more first
    return answer.ok && !answer.redirected ? answer.json() : Promise.reject(answer.status);
  });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const failed = document.getElementById("passkey-failed");
  failed.hidden = true;
  try {
    const given = await post(form.dataset.options, "{}");
    const adding = Boolean(form.dataset.adding);
    const made = adding
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given),
        });
    let address = form.dataset.answer;
    if (adding) address += "?label=" + encodeURIComponent(form.elements.label.value);
    location.assign((await post(address, JSON.stringify(made.toJSON()))).next);
  } catch {
    failed.hidden = false;
  }
});
