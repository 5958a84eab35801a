// The board while others work on it: asks for their changes, puts them in and marks them, and loses nothing that is open.
(() => {
  const board = document.getElementById('board')
  const shown = () => document.getElementById('shown').value
  const EVERY = 3000, SLOWEST = 30000, MARKED = 8000

  // ---- what a swap must not lose: boxes checked, text typed, folded details, focus, and where the page was scrolled to
  const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]'
  const pathOf = element => {
    const host = element && board.contains(element) && element.closest('[id]')
    return host && { host: host.id, column: element.closest('.ur-col')?.id, at: element === host ? -1 : [...host.querySelectorAll(FOCUSABLE)].indexOf(element) }
  }
  const find = path => {
    const host = document.getElementById(path.host)
    if (host) return path.at < 0 ? host : host.querySelectorAll(FOCUSABLE)[path.at] || host.querySelector(FOCUSABLE)
    return document.getElementById(path.column)?.querySelector(FOCUSABLE) // the card is gone: the column it stood in
  }
  const topCard = () => [...board.querySelectorAll('.ur-card')].find(card => card.getBoundingClientRect().top >= 0 && card.offsetParent)
  let kept = null, anchor = null
  const keep = () => {
    const inputs = new Map()
    board.querySelectorAll('input[id]:not([type="hidden"]), select[id], textarea[id], details[id]').forEach(field => inputs.set(field.id, { checked: field.checked, value: field.value, open: field.open }))
    kept = { inputs, focus: pathOf(document.activeElement) }
    const card = topCard()
    anchor = card && { id: card.id, column: card.closest('.ur-col').id, top: card.getBoundingClientRect().top, left: board.scrollLeft }
  }
  const giveBack = () => {
    if (!kept) return
    const { inputs, focus } = kept
    kept = null
    inputs.forEach((had, id) => {
      const field = document.getElementById(id)
      if (!field) return
      if (field.matches('details')) field.open = had.open
      else if (field.matches('[type="checkbox"], [type="radio"]')) field.checked = had.checked
      else if (field.value !== had.value) field.value = had.value
    })
    if (focus && document.activeElement === document.body) find(focus)?.focus({ preventScroll: true })
  }
  const scrollBack = () => {
    if (!anchor) return
    const { id, column, top, left } = anchor
    anchor = null
    const card = document.getElementById(id)
    board.scrollLeft = left
    if (!card || card.closest('.ur-col').id !== column) return
    const moved = card.getBoundingClientRect().top - top
    if (moved) (board.scrollHeight > board.clientHeight + 1 && getComputedStyle(board).overflowY !== 'visible' ? board : window).scrollBy({ top: moved, behavior: 'instant' })
  }

  // ---- marks: who did it, on the card or the column's head, for some seconds, through other swaps too
  const marks = new Map()
  const showMarks = () => {
    marks.forEach(({ text, until }, id) => {
      const place = document.getElementById(id)
      if (!place || place.querySelector(':scope > .ur-live')) return
      const mark = Object.assign(document.createElement('p'), { className: 'ur-live', textContent: text })
      place.prepend(mark)
      place.classList.add('is-changed')
      setTimeout(() => { mark.remove(); place.classList.remove('is-changed'); if (marks.get(id)?.until === until) marks.delete(id) }, until - Date.now())
    })
  }
  // ---- an open dialog about a card or wave that changed says so, and keeps what is chosen in it
  const tellDialog = news => {
    const form = document.querySelector('#dialog form[data-about]')
    if (!form) return
    const about = form.dataset.about.split(' '), to = form.elements.to?.value
    const concerns = news.filter(({ dataset }) => about.includes(dataset.card) || (to && dataset.columns.split(' ').includes(to)))
    if (!concerns.length) return
    form.querySelector('.ur-news').textContent = concerns.map(one => one.textContent).join(' ')
    if (to) form.elements.to.dispatchEvent(new Event('change', { bubbles: true })) // what it will do may be another now
  }
  const tellNews = () => {
    const list = document.getElementById('news'), news = [...list.children]
    if (list.dataset.said) document.getElementById('live').textContent = list.dataset.said
    news.forEach(({ dataset }) => {
      const id = dataset.card ? `card-${dataset.card}` : `column-${dataset.columns}`
      document.getElementById(id)?.querySelectorAll(':scope > .ur-live').forEach(old => old.remove())
      marks.set(id, { text: dataset.mark, until: Date.now() + MARKED })
    })
    if (news.length) tellDialog(news)
    list.replaceChildren()
    delete list.dataset.said
  }

  document.body.addEventListener('htmx:beforeSwap', keep, true)
  document.body.addEventListener('htmx:afterSettle', giveBack, true)
  document.body.addEventListener('htmx:afterSettle', () => { tellNews(); showMarks(); scrollBack() })

  // ---- a dialog gives focus back to what opened it, also when that was swapped meanwhile
  const dialog = document.getElementById('dialog')
  let opener = null
  document.body.addEventListener('htmx:beforeSwap', event => { if (event.detail.target === dialog && !dialog.open) opener = pathOf(document.activeElement) }, true)
  dialog.addEventListener('close', () => setTimeout(() => {
    if (opener && (document.activeElement === document.body || !document.activeElement)) find(opener)?.focus({ preventScroll: true })
    opener = null
  }))

  // ---- asking: every few seconds while the page is seen, seldom while nobody answers, never in the middle of a gesture
  const lost = document.getElementById('lost')
  const tell = words => { if (lost.textContent !== words) lost.textContent = words }
  const busy = () => board.matches('.is-waiting') || document.querySelector('#board :is(.is-ghost, .sortable-chosen, .htmx-request)')
  let timer, pause = EVERY, stopped = false, asking = false
  const later = wait => { clearTimeout(timer); if (!stopped) timer = setTimeout(ask, wait) }
  const stop = words => { stopped = true; tell(words) }
  const ask = async () => {
    if (stopped || asking || document.hidden) return
    if (busy()) return later(300)
    asking = true
    const since = shown()
    try {
      const answer = await fetch(`${board.dataset.changes}?since=${since}`, {
        headers: { 'HX-Request': 'true', 'HX-Current-URL': location.href }, redirect: 'manual', cache: 'no-store', signal: AbortSignal.timeout(10000),
      })
      if (answer.type === 'opaqueredirect' || [401, 403, 404].includes(answer.status)) return stop(lost.dataset.out)
      if (!answer.ok) throw new Error(answer.status)
      const html = answer.status === 204 ? '' : await answer.text()
      pause = EVERY
      tell('')
      // An answer that comes in the middle of a gesture, or after another has renewed the board, is asked for again.
      if (html && (busy() || shown() !== since)) pause = 300
      else if (html) { keep(); htmx.swap(board, html, { swapStyle: 'none' }) }
    } catch {
      tell(lost.dataset.lost)
      pause = Math.min(pause * 2, SLOWEST)
    } finally {
      asking = false
      later(pause)
      if (pause < EVERY) pause = EVERY
    }
  }
  document.addEventListener('visibilitychange', () => { if (!document.hidden) later(0) })
  addEventListener('online', () => later(0))
  addEventListener('pageshow', event => { if (event.persisted) later(0) })
  later(EVERY)
})()
