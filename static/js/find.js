// Finding on the board: search as one types, filters and order of the cards, without asking the server. The address
// follows, so that a view can be shared; rollout/views/board_find.py reads it and must find the same.
(() => {
  const board = document.getElementById('board')
  const form = document.getElementById('find')
  const found = document.getElementById('found')
  const aloud = document.getElementById('found-said')
  const plain = text => text.normalize('NFC').toLowerCase()

  // What is looked for lives here: the chips are swapped after each move, and come back unpressed.
  const read = () => Object.fromEntries(new FormData(form))
  let wanted = read()
  const write = () => {
    for (const [name, value] of Object.entries(wanted)) {
      const control = form.elements[name]
      if (control && control.value !== value) control.value = value
    }
  }

  // ---- what finds a card, and the orders: by the attributes the server wrote on it
  const SHOWN = {
    '': () => true,
    'ikke-klare': card => 'notReady' in card.dataset,
    'uten-lisenser': card => 'noLicences' in card.dataset,
  }
  const number = (card, name) => Number(card.dataset[name])
  const SORTS = {
    '': () => 0,
    navn: (a, b) => a.dataset.name < b.dataset.name ? -1 : a.dataset.name > b.dataset.name ? 1 : 0,
    medarbeidere: (a, b) => number(b, 'people') - number(a, 'people'),
    mangler: (a, b) => number(b, 'problems') - number(a, 'problems'),
  }
  const finder = ({ q, vis, type, sektor, storrelse }) => {
    const words = plain(q).split(/\s+/).filter(Boolean)
    return card => words.every(word => card.dataset.text.includes(word)) && SHOWN[vis](card)
      && (!type || card.dataset.kind === type) && (!sektor || card.dataset.sector === sektor) && (!storrelse || card.dataset.size === storrelse)
  }

  const hide = (element, hidden) => { if (element.hidden !== hidden) element.hidden = hidden }
  const apply = () => {
    const finds = finder(wanted), sorts = SORTS[wanted.sorter]
    const narrows = Boolean(wanted.q.trim() || wanted.vis || wanted.type || wanted.sektor || wanted.storrelse)
    let hits = 0, all = 0
    board.querySelectorAll('.ur-col').forEach(column => {
      const list = column.querySelector('.ur-list')
      const cards = [...list.querySelectorAll(':scope > [data-agency]')]
      cards.forEach(card => hide(card, !finds(card)))
      const inOrder = [...cards].sort((a, b) => sorts(a, b) || number(a, 'place') - number(b, 'place'))
      // A card that is moved in the page loses focus: only a list that is in another order is touched.
      if (!list.querySelector('.is-ghost') && inOrder.some((card, at) => card !== cards[at])) list.append(...inOrder)
      const here = cards.filter(card => !card.hidden).length
      const told = column.querySelector('.ur-col__hits')
      told.querySelector('[data-hits]').textContent = here
      hide(told, !narrows || !cards.length)
      hits += here
      all += cards.length
    })
    found.querySelector('[data-hits]').textContent = hits
    found.querySelector('[data-all]').textContent = all
    hide(found.querySelector('[data-narrowed]'), !narrows)
    hide(found.querySelector('[data-sorted]'), !wanted.sorter)
    hide(found, !narrows && !wanted.sorter)
    const chosen = ['type', 'sektor', 'storrelse', 'sorter'].filter(name => wanted[name]).length
    const badge = form.querySelector('[data-chosen]')
    badge.textContent = chosen
    hide(badge, !chosen)
    board.toggleAttribute('data-sorted', Boolean(wanted.sorter))
    document.dispatchEvent(new CustomEvent('board:found'))
    return { hits, all }
  }

  // ---- told to a screen reader when the typing rests
  let rest
  const announce = ({ hits, all }) => {
    clearTimeout(rest)
    rest = setTimeout(() => { aloud.textContent = aloud.dataset.says.replace('%n', hits).replace('%all', all) }, 600)
  }

  const change = () => {
    wanted = read()
    const asked = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value.trim()))
    history.replaceState(history.state, '', asked.size ? `?${asked}` : location.pathname)
    // What is downloaded is what is on screen.
    document.querySelectorAll('a[data-get]').forEach(link => { link.search = asked })
    announce(apply())
  }
  form.addEventListener('input', change)
  form.addEventListener('change', change)
  form.addEventListener('submit', event => { event.preventDefault(); change() })
  const reset = () => {
    for (const name of Object.keys(wanted)) wanted[name] = ''
    write()
    change()
  }
  form.querySelector('[data-reset]').addEventListener('click', event => {
    event.preventDefault()
    reset()
    form.elements.q.focus()
  })

  // ---- the choices under *Filter*: where they lie over the board they close when one turns to it; on a phone they push
  // the page down, and closing them under a finger would make it press something else
  const more = form.querySelector('details')
  const over = matchMedia('(min-width: 701px)')
  for (const turned of ['click', 'focusin']) {
    document.addEventListener(turned, event => { if (over.matches && !more.contains(event.target)) more.open = false })
  }
  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !more.open || event.defaultPrevented) return
    event.preventDefault()
    more.open = false
    more.querySelector('summary').focus()
  })

  // Columns and chips that came from the server are the whole plan's: put the view back over them, once for all of an
  // answer's parts and before they are painted.
  let due = false
  const again = () => {
    if (due) return
    due = true
    queueMicrotask(() => { due = false; write(); apply() })
  }
  document.body.addEventListener('htmx:oobAfterSwap', again)
  document.body.addEventListener('htmx:afterSwap', again)
  // A page that comes back from the browser's memory keeps what was typed; the board must follow.
  addEventListener('pageshow', () => { wanted = read(); apply() })
  apply()
})()
