// On an agency's own page: focus follows what opens and closes in a row, and an open row keeps what is typed in it.
(() => {
  document.body.addEventListener('htmx:afterSwap', event => {
    if (!event.detail.target.matches('[data-step]')) return
    const row = document.getElementById(event.detail.target.id)
    const place = row && (row.querySelector('[aria-invalid="true"]') || row.querySelector('.my-open__part') || row.querySelector('h3 a'))
    if (place) place.focus()
  })
  document.body.addEventListener('htmx:oobBeforeSwap', event => {
    if (event.detail.target.matches('.my-open')) event.detail.shouldSwap = false
  })
})()
