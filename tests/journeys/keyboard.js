// What a walk through a page with Tab alone finds out. `walk.start()` goes to the first place; each press of Tab then
// notes how the place that is being left was seen; `walk.end()` gives what was found.
window.walk = (() => {
  const CAN = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex]:not([tabindex="-1"])'
  const isRadio = one => one.matches('input[type="radio"]')
  const group = one => [...one.form.elements[one.name]]
  const first = one => { const all = group(one); return all.find(other => other.checked) ?? all[0] }
  const reachable = one => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !one.closest('[inert]')
    && (!isRadio(one) || !one.form || group(one).length < 2 || first(one) === one)
  const says = one => `${one.tagName.toLowerCase()} «${(one.getAttribute('aria-label') || one.textContent.trim() || one.name || one.id).replace(/\s+/g, ' ').slice(0, 60)}»`

  // How it looks: itself, its label and what it lies in, for a box may be drawn by any of them.
  const dressed = one => [one, ...(one.labels ?? []), one.parentElement].map(part => {
    const style = getComputedStyle(part)
    return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor, style.backgroundColor].join()
  }).join('|')

  // The share of it, as far as it lies in the window, that is not under something that stays put; 0: none is in sight.
  const share = one => {
    const parts = one.getBoundingClientRect().width > 2 || !one.labels?.length ? [one] : [...one.labels]
    const own = hit => parts.some(part => part.contains(hit)) || [...(one.labels ?? [])].some(label => label.contains(hit))
    let asked = 0, seen = 0
    for (const box of parts.flatMap(part => [...part.getClientRects()])) {
      const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth)
      const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight)
      if (right - left < 1 || bottom - top < 1) continue
      for (const x of [.1, .5, .9]) for (const y of [.2, .5, .8]) {
        asked += 1
        const hit = document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)
        if (hit && own(hit)) seen += 1
      }
    }
    return asked ? seen / asked : 0
  }

  const painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  let all, bare, found, visited, more
  const missing = () => all.filter(one => one !== document.activeElement && !visited.includes(one) && one.isConnected && reachable(one))
  const look = () => {
    const here = document.activeElement
    if (!here || here === document.body) return
    visited.push(here)
    const seen = share(here)
    if (!seen) found.push(`${says(here)} is out of sight when it has focus`)
    if (bare.has(here) && dressed(here) === bare.get(here)) found.push(`${says(here)} does not show that it has focus`)
    walk.partly.push(...(seen && seen < .6 ? [`${says(here)} ${seen.toFixed(2)}`] : []))
  }
  document.addEventListener('keydown', event => { if (event.key === 'Tab' && all) look() }, true)
  return {
    painted,
    partly: [],
    start: async () => {
      document.activeElement?.blur()
      scrollTo(0, 0)
      await painted()
      const root = document.querySelector('dialog[open]') ?? document
      all = [...root.querySelectorAll(CAN)].filter(reachable)
      bare = new Map(all.map(one => [one, dressed(one)]))
      found = []
      visited = []
      more = 20 + 3 * all.filter(one => one.type === 'date').length  // each has places of its own for day, month, year
      walk.partly = []
      all[0].focus()
      await painted()
      return all.length
    },
    // How many presses more might reach what is missing: none, once there have been enough.
    left: () => more-- > 0 ? Math.min(missing().length, 1) : 0,
    end: () => {
      look()
      const order = visited.filter(one => all.includes(one)).map(one => all.indexOf(one))
      found.push(...missing().map(one => `${says(one)} cannot be reached with Tab`))
      const back = order.findIndex((at, n) => n && at < order[n - 1] && at !== 0)
      if (back > 0) found.push(`after ${says(all[order[back - 1]])} Tab goes back to ${says(all[order[back]])}`)
      all = null
      return [...new Set(found)]
    },
  }
})()
