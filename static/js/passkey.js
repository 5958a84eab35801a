// A passkey is made or used by the browser; the form then sends what came of it. Without this script an app does the same.
(() => {
  const form = document.querySelector('[data-passkey]')
  if (!form) return
  form.addEventListener('submit', async event => {
    event.preventDefault()
    const failed = form.querySelector('[data-passkey-failed]')
    failed.hidden = true
    try {
      const made = await webauthnJSON[form.dataset.passkey](JSON.parse(form.dataset.options))
      form.elements.credential.value = JSON.stringify(made)
      form.submit()
    } catch {
      failed.hidden = false
    }
  })
})()
