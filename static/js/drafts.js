// What was typed outlives being signed out: it is kept in this tab while a form is sent, and put back where the answer was
// a sign-in page or one that stood open for too long. Never for anybody else, never a file, a code or a password.
(() => {
  const KEPT = 'puljeplan-typed', HOUR = 3600000
  const { who } = document.body.dataset
  const read = () => { try { return JSON.parse(sessionStorage.getItem(KEPT)) } catch { return null } }
  const write = kept => {
    try {
      if (kept) sessionStorage.setItem(KEPT, JSON.stringify(kept))
      else sessionStorage.removeItem(KEPT)
    } catch { /* no storage, or it is full: then nothing is kept */ }
  }
  const interrupted = () => { const kept = read(); if (kept) write({ ...kept, interrupted: true }) }
  const action = form => new URL(form.getAttribute('hx-post') || form.getAttribute('action') || '', location.href).pathname
  const fields = form => [...form.elements].filter(field => field.name && !field.disabled
    && field.matches('textarea, select, input:not([type="hidden"], [type="file"], [type="password"], [type="submit"])'))
  const isBox = field => ['checkbox', 'radio'].includes(field.type)

  document.addEventListener('submit', event => {
    const form = event.target
    if (!who || form.method !== 'post' || !form.closest('main, dialog') || form.closest('.ur-signin')) return
    const typed = fields(form).map(field => [field.name, field.value, field.checked])
    write(typed.length ? { who, action: action(form), typed, at: Date.now() } : null)
  }, true)

  const putBack = () => {
    const kept = read()
    const form = kept && [...document.querySelectorAll('main form[method="post"], dialog form[method="post"]')].find(
      form => action(form) === kept.action && fields(form).length)
    if (!form) return
    write(null)
    for (const [name, value, checked] of kept.typed) {
      const field = fields(form).find(field => field.name === name && (!isBox(field) || field.value === value))
      if (!field) continue
      if (isBox(field)) field.checked = checked
      else field.value = value
    }
    // Where the form is, and not as a toast: that may lie over the very button that is to be pressed.
    form.before(document.getElementById('put-back').content.cloneNode(true))
  }

  const kept = read()
  if (document.querySelector('.ur-signin, [data-interrupts]')) interrupted()
  else if (kept && (!kept.interrupted || kept.who !== who || Date.now() - kept.at > HOUR)) write(null)
  else if (kept) putBack()
  // In place: a refusal for a token that is too old, or a form that is opened after the sign-in.
  document.body.addEventListener('htmx:afterRequest', ({ detail: { xhr } }) => {
    if (xhr?.status === 403) interrupted()
    else if (xhr?.status && new URL(xhr.responseURL).pathname === read()?.action) write(null)
  })
  document.body.addEventListener('htmx:afterSwap', () => { if (read()?.interrupted) putBack() })
})()
