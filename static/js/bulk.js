// Several cards moved together: what is ticked, kept through swaps of columns, and the bar that tells the sum.
(() => {
  const board = document.getElementById('board')
  const bar = document.getElementById('bulk')
  const told = bar.querySelector('[data-said]')
  const aloud = document.getElementById('picked-said')
  const picked = new Set()
  const boxes = () => [...board.querySelectorAll('.ur-card .ur-pick input')]
  const cardOf = box => box.closest('.ur-card')
  const slugOf = box => cardOf(box).dataset.agency
  const thousands = number => new Intl.NumberFormat('nb-NO').format(number)
  const inSight = box => !cardOf(box).hidden

  const words = () => {
    const chosen = boxes().filter(box => box.checked)
    if (!chosen.length) return bar.dataset.none
    const people = chosen.reduce((sum, box) => sum + Number(cardOf(box).dataset.people), 0)
    const said = (chosen.length === 1 ? bar.dataset.one : bar.dataset.many).replace('%n', chosen.length).replace('%p', thousands(people))
    const unseen = chosen.filter(box => !inSight(box)).length
    return unseen ? `${said}. ${bar.dataset.outOfSight.replace('%n', unseen)}` : said
  }
  const show = () => {
    const all = boxes()
    all.forEach(box => {
      box.checked = picked.has(slugOf(box))
      cardOf(box).classList.toggle('is-picked', box.checked)
    })
    // Who left the plan, was locked, or whose wave has opened is no longer chosen.
    const there = new Set(all.map(slugOf))
    picked.forEach(slug => { if (!there.has(slug)) picked.delete(slug) })
    board.querySelectorAll('[data-pick-all]').forEach(box => {
      const here = all.filter(one => one.closest('.ur-col') === box.closest('.ur-col') && inSight(one))
      const chosen = here.filter(one => one.checked).length
      box.checked = here.length > 0 && chosen === here.length
      box.indeterminate = chosen > 0 && chosen < here.length
      box.disabled = !here.length
    })
    bar.classList.toggle('is-open', picked.size > 0)
    board.classList.toggle('is-picking', picked.size > 0)
    told.textContent = words()
  }
  const change = () => { show(); aloud.textContent = words() }
  const pick = (box, chosen) => { picked[chosen ? 'add' : 'delete'](slugOf(box)) }

  board.addEventListener('change', event => {
    const box = event.target
    if (box.matches('[data-pick-all]')) {
      const column = box.closest('.ur-col')
      boxes().filter(one => one.closest('.ur-col') === column && inSight(one)).forEach(one => pick(one, box.checked))
    } else if (box.matches('.ur-pick input')) pick(box, box.checked)
    else return
    change()
  })
  const clear = () => { picked.clear(); change() }
  bar.querySelector('[data-pick-none]').addEventListener('click', () => {
    clear()
    const first = board.querySelector('.ur-card:not([hidden]) h3 a')
    if (first) first.focus()
  })
  puljeplan.picked = { some: () => picked.size > 0, clear }

  // Those that were moved together are done with; the bar is open again only for what is chosen next.
  document.body.addEventListener('moved-together', clear)
  document.addEventListener('board:found', show)
  // A browser may bring ticks back with a page from its memory.
  addEventListener('pageshow', () => { boxes().forEach(box => pick(box, box.checked)); show() })
})()
