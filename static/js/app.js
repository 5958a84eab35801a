// On every page: menus that close, the one dialog, the one toast, and honest words when a request fails.
(() => {
  const dialog = document.getElementById('dialog')
  // ---- the toast: what was done, and the means to take it back. It waits while it is pointed at or focus is in it.
  const toast = document.getElementById('toast')
  const said = toast.querySelector('[role="status"]'), undo = toast.querySelector('form')
  let toastTimer
  const wait = () => {
    clearTimeout(toastTimer)
    if (said.textContent) toastTimer = setTimeout(hush, undo && !undo.hidden ? 30000 : 12000)
  }
  const hush = () => {
    if (toast.matches(':hover') || toast.contains(document.activeElement)) return wait()
    clearTimeout(toastTimer)
    said.textContent = ''
    if (undo) undo.hidden = true
  }
  const say = (text, kind = 'ok', undoing = '') => {
    toast.dataset.kind = kind
    said.textContent = text
    if (undo) {
      undo.hidden = !undoing
      undo.setAttribute('action', undoing)
      undo.elements.next.value = location.pathname + location.search
      // On the board it is undone in place; on other pages the form leads back to the page.
      if (undoing && document.getElementById('board')) { undo.setAttribute('hx-post', undoing); htmx.process(undo) }
    }
    wait()
  }
  toast.querySelector('.ur-toast__close').addEventListener('click', event => { event.currentTarget.blur(); said.textContent = ''; if (undo) undo.hidden = true })
  document.addEventListener('keydown', event => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== 'z') return
    if (!undo || undo.hidden || dialog.open || event.target.closest('input:not([type="checkbox"]), textarea, select')) return
    event.preventDefault()
    undo.requestSubmit()
  })
  window.puljeplan = { say, closeDialog: () => { if (dialog.open) dialog.close() } }

  // ---- menus (<details data-menu>): close on Escape, on a press outside, and when focus leaves
  const openMenus = () => document.querySelectorAll('details[data-menu][open]')
  document.addEventListener('click', event => openMenus().forEach(menu => { if (!menu.contains(event.target)) menu.open = false }))
  document.addEventListener('focusin', event => openMenus().forEach(menu => { if (!menu.contains(event.target)) menu.open = false }))
  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    openMenus().forEach(menu => { menu.open = false; menu.querySelector('summary').focus() })
  })

  // ---- the dialog: whatever is fetched into #dialog is shown; a [data-close] in it closes it
  document.body.addEventListener('htmx:afterSwap', event => {
    if (event.detail.target !== dialog || !dialog.childElementCount) return
    if (!dialog.open) dialog.showModal()
    const first = dialog.querySelector('[aria-invalid="true"]') || dialog.querySelector('[autofocus], select, input:not([type="hidden"]), textarea')
    if (first) first.focus()
  })
  dialog.addEventListener('click', event => { if (event.target.closest('[data-close]')) { event.preventDefault(); dialog.close() } })
  // Closed before the answer came, it keeps the form until then: what a form that is gone is told, nobody hears.
  const empty = () => { if (!dialog.open && !dialog.querySelector('.htmx-request')) dialog.replaceChildren() }
  dialog.addEventListener('close', empty)
  document.body.addEventListener('htmx:afterRequest', () => queueMicrotask(empty)) // once the failure is told too
  // Of two that were asked for, the one asked for last is shown, whichever answer comes last.
  let asked = null
  document.body.addEventListener('htmx:beforeSend', event => { if (event.detail.target === dialog) asked = event.detail.xhr })
  document.body.addEventListener('htmx:beforeSwap', event => {
    const { target, xhr, requestConfig } = event.detail
    if (target === dialog && requestConfig.verb === 'get' && xhr !== asked) event.detail.shouldSwap = false
  })

  // ---- a part that is swapped as a whole takes the pressed button with it: focus goes to the heading it stood under
  let under = null
  document.body.addEventListener('htmx:beforeSwap', event => {
    const on = document.activeElement
    under = on !== document.body && event.detail.target?.contains(on) ? on.closest('[aria-labelledby]')?.getAttribute('aria-labelledby') : null
  })
  document.body.addEventListener('htmx:afterSettle', () => {
    const heading = under && document.activeElement === document.body && document.getElementById(under)
    under = null
    if (!heading || heading.closest('#board')) return
    heading.tabIndex = -1
    heading.focus()
  })

  // ---- *Last ned*: what is on screen now, also after a search that only changed the address; and the printer
  document.addEventListener('click', event => {
    const get = event.target.closest('[data-get]')
    if (get) get.search = location.search
    const print = event.target.closest('[data-print]')
    if (print) { openMenus().forEach(menu => { menu.open = false }); window.print() }
  })

  // ---- many boxes in one form: all of them, or none
  document.querySelectorAll('[data-tick]').forEach(button => { button.hidden = false })
  document.addEventListener('click', event => {
    const form = event.target.closest('[data-tick]')?.form
    if (!form) return
    const boxes = [...form.querySelectorAll('input[type="checkbox"]')], all = boxes.every(box => box.checked)
    boxes.forEach(box => { box.checked = !all })
  })

  // ---- copying what stands in a field; where the browser will not, it is marked, so that Ctrl+C does
  document.addEventListener('click', event => {
    const button = event.target.closest('[data-copy]')
    if (!button) return
    const field = document.getElementById(button.dataset.copy)
    field.select()
    navigator.clipboard?.writeText(field.value).then(() => say(button.dataset.copied), () => field.focus())
  })

  // ---- what the server says: HX-Trigger: {"say": {"text": …, "kind": "ok" | "warn" | "stop", "undo": address}}
  document.body.addEventListener('say', event => say(event.detail.text, event.detail.kind, event.detail.undo))

  // ---- failures: signed out (the request was led to another page), refused, no network
  document.body.addEventListener('htmx:beforeSwap', event => {
    const { xhr, requestConfig } = event.detail
    if (!xhr.responseURL) return
    const answered = new URL(xhr.responseURL).pathname
    if (answered === new URL(requestConfig.path, location.href).pathname) return
    event.detail.shouldSwap = false
    location.assign(xhr.responseURL)
  })
  // A page that refuses says who may: its sentence is told where one stands, so that nothing typed is lost.
  const refusal = xhr => [403, 429].includes(xhr?.status) && new DOMParser().parseFromString(xhr.responseText, 'text/html').querySelector('main .ur-lead')
  const forget = () => dialog.querySelector('[data-failure]')?.remove()
  // An open dialog covers the toast and mutes it, so it is told there, beside what was pressed.
  const tell = text => {
    if (!dialog.open) return say(text, 'stop')
    forget()
    const place = dialog.querySelector('.ur-actions')
    const told = document.getElementById('failure').content.cloneNode(true).firstElementChild
    told.querySelector('p').textContent = text
    if (place) place.before(told)
    else dialog.append(told)
    told.scrollIntoView({ block: 'nearest' })
  }
  for (const failure of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
    document.body.addEventListener(failure, event => {
      tell(refusal(event.detail.xhr)?.textContent || (navigator.onLine ? toast.dataset.failed : toast.dataset.offline))
    })
  }
  document.body.addEventListener('htmx:beforeRequest', forget)
})()
