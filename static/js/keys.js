// The keys of the board. They are live only while focus is on the board (WCAG 2.1.4), and never in a field.
(() => {
  const board = document.getElementById('board')
  const dialog = document.getElementById('dialog')
  const search = document.getElementById('find-q')
  const cardsOf = column => [...column.querySelectorAll('.ur-card:not([hidden])')].filter(card => card.offsetParent)
  const focus = card => {
    if (!card) return
    card.querySelector('h3 a').focus()
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  const help = () => {
    dialog.replaceChildren(document.getElementById('keys-help').content.cloneNode(true))
    dialog.showModal()
  }
  document.querySelector('[data-keys]').addEventListener('click', help)

  // The same place in the next column that has cards to show.
  const across = (card, step) => {
    const columns = [...board.querySelectorAll('.ur-col')]
    const here = card.closest('.ur-col'), place = cardsOf(here).indexOf(card)
    for (let at = columns.indexOf(here) + step; columns[at]; at += step) {
      const cards = cardsOf(columns[at])
      if (cards.length) return cards[Math.min(place, cards.length - 1)]
    }
  }
  const along = (card, where) => {
    const cards = cardsOf(card.closest('.ur-col'))
    return cards.at(where(cards.indexOf(card), cards.length))
  }
  const press = (card, control) => {
    const found = card.querySelector(control)
    if (found) found.click()
  }
  const KEYS = {
    ArrowDown: card => focus(along(card, (at, all) => Math.min(at + 1, all - 1))),
    ArrowUp: card => focus(along(card, at => Math.max(at - 1, 0))),
    ArrowRight: card => focus(across(card, 1)),
    ArrowLeft: card => focus(across(card, -1)),
    Home: card => focus(along(card, () => 0)),
    End: card => focus(along(card, () => -1)),
    f: card => press(card, '.ur-card__move button'),
    x: card => press(card, '.ur-pick input'),
    '/': () => search.focus(),
    '?': help,
  }
  board.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return
    const card = event.target.closest('.ur-card')
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!card || !act) return
    event.preventDefault()
    act(card)
  })

  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || event.defaultPrevented || dialog.open || document.querySelector('details[data-menu][open]')) return
    if (event.target === search && !search.value) return focus(board.querySelector('.ur-card:not([hidden])'))
    const on = event.target
    if (puljeplan.picked?.some() && (on === document.body || on.closest('#board, #bulk'))) puljeplan.picked.clear()
  })
})()
