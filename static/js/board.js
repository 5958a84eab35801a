// The board beyond plain forms: folding on the phone, dragging, and focus that follows a moved card.
(() => {
  const board = document.getElementById('board')
  const phone = matchMedia('(max-width: 700px)')
  const cardOf = slug => board.querySelector(`[data-agency="${CSS.escape(slug)}"]`)

  // ---- folding, on the phone only: finished waves start folded; what the user opened stays open after a swap
  const unfolded = new Set(), folded = new Set()
  const foldOf = column => {
    const key = column.dataset.wave
    const shut = phone.matches && (folded.has(key) || ('folded' in column.dataset && !unfolded.has(key)))
    column.querySelector('.ur-fold').setAttribute('aria-expanded', String(!shut))
  }
  const foldAll = () => board.querySelectorAll('.ur-col').forEach(foldOf)
  const setFold = (column, shut) => {
    const key = column.dataset.wave
    ;(shut ? folded : unfolded).add(key)
    ;(shut ? unfolded : folded).delete(key)
    foldOf(column)
  }
  document.addEventListener('click', event => {
    const button = event.target.closest('.ur-fold')
    if (button) setFold(button.closest('.ur-col'), button.getAttribute('aria-expanded') === 'true')
    const jump = event.target.closest('.ur-jump a')
    if (jump) setFold(document.querySelector(jump.getAttribute('href')), false)
  })
  phone.addEventListener('change', foldAll)

  // ---- dragging, the extra: one move is posted, with the version seen; Escape puts the card back
  let drag = null
  const putBack = ({ card, from, next }) => from.insertBefore(card, next)
  const letGo = () => {
    drag.cancelled = true
    document.dispatchEvent(new PointerEvent('pointerup', { bubbles: true }))
    document.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }))
  }
  const cancel = event => {
    if (event.key !== 'Escape' || !drag) return
    event.preventDefault()
    letGo()
  }
  const neighbour = card => card && card.matches('[data-agency]') ? card.dataset.agency : ''
  let posted = null
  const post = (dropped, to) => {
    const { card } = posted = dropped
    const form = card.querySelector('.ur-card__move')
    htmx.ajax('POST', form.getAttribute('action'), {
      source: form, target: '#dialog', headers: { 'X-CSRFToken': board.dataset.csrf },
      // Sorted for viewing, the neighbours say nothing of the plan's order.
      values: 'sorted' in board.dataset ? { to } : { to, before: neighbour(card.nextElementSibling), after: neighbour(card.previousElementSibling) },
    }).catch(() => {})
  }
  let lists = []
  // Until what was sent is answered nothing is lifted, however it was sent: the answer renews columns, and would take
  // the list away from under a card in the air. What is sent in the middle of a drag puts the card back.
  const waiting = new Set()
  const wait = () => {
    board.classList.toggle('is-waiting', waiting.size > 0)
    lists.forEach(list => list.option('disabled', waiting.size > 0))
  }
  document.body.addEventListener('htmx:beforeSend', ({ detail: { xhr, requestConfig } }) => {
    if (requestConfig.verb === 'get') return
    if (drag) letGo()
    waiting.add(xhr)
    wait()
  })
  document.body.addEventListener('htmx:afterRequest', ({ detail: { xhr } }) => { if (waiting.delete(xhr)) wait() })
  const makeSortable = () => {
    if (!('canMove' in board.dataset) || typeof Sortable === 'undefined') return
    lists = lists.filter(list => list.el.isConnected || list.destroy())
    board.dataset.drag = ''
    board.querySelectorAll('.ur-list').forEach(list => {
      if (Sortable.get(list)) return
      lists.push(new Sortable(list, {
        group: 'board', draggable: '.ur-card[data-movable]', filter: '.ur-card__move, .ur-pick', preventOnFilter: false,
        forceFallback: true, fallbackOnBody: true, fallbackTolerance: 4, delay: 180, delayOnTouchOnly: true, touchStartThreshold: 5,
        disabled: waiting.size > 0, ghostClass: 'is-ghost', fallbackClass: 'is-drag', animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120,
        sort: !('sorted' in board.dataset),
        onStart: ({ item, from }) => {
          drag = { card: item, from, next: item.nextElementSibling, cancelled: false }
          document.addEventListener('keydown', cancel, true)
        },
        onEnd: ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
          document.removeEventListener('keydown', cancel, true)
          const dropped = drag
          drag = null
          if (dropped.cancelled) return putBack(dropped)
          if (from !== to || oldDraggableIndex !== newDraggableIndex) post(dropped, to.dataset.column)
        },
      }))
    })
  }

  document.addEventListener('board:found', () => lists.forEach(list => list.option('sort', !('sorted' in board.dataset))))

  // ---- after a move: close the dialog, say what happened, and bring focus to the card where it now stands
  document.body.addEventListener('moved', event => {
    puljeplan.closeDialog()
    const card = cardOf(event.detail.agency)
    if (!card) return
    setFold(card.closest('.ur-col'), false)
    const control = card.querySelector('.ur-card__move button') || card.querySelector('a')
    control.focus()
  })

  // A move that failed must not leave the card where it was dropped; app.js says that it failed.
  for (const failure of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
    document.body.addEventListener(failure, () => {
      if (posted && posted.card.isConnected) putBack(posted)
      posted = null
    })
  }

  document.body.addEventListener('htmx:afterSettle', () => { posted = null; foldAll(); makeSortable() })
  foldAll()
  makeSortable()
})()
