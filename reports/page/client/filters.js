// Runs in the reader's browser. Shows the rows of the verdict table that the reader asks for.
;(() => {
  const form = document.getElementById('filters')
  const rows = [...document.querySelectorAll('#verdicts tbody tr')]

  const isShown = ({ dataset }, { outcome, step, alert }) => {
    const kind = outcome === 'all' || (outcome === 'notable' ? dataset.class !== 'quiet' : dataset.outcome === outcome)
    return kind && (step === '' || dataset.step === step) && dataset.alert.includes(alert.toLowerCase())
  }

  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form))
    for (const row of rows) row.hidden = !isShown(row, wanted)
    form.elements.shown.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`
  }

  form.addEventListener('input', apply)
  form.addEventListener('submit', (event) => event.preventDefault())
  apply()
})()
