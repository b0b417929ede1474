// Runs in the reader's browser, after uPlot. Draws the charts, and moves faults and alerts with them when the reader zooms.
;(() => {
  const data = JSON.parse(document.getElementById('timeline-data').textContent)
  const root = document.getElementById('timeline')
  const style = getComputedStyle(document.documentElement)
  const colour = (name) => style.getPropertyValue(name).trim()
  const pixels = (name) => Number.parseFloat(style.getPropertyValue(name))
  const HEIGHT = 132
  const plots = []
  let zooming = false

  const clock = (seconds) => {
    const total = Math.round(Math.abs(seconds))
    return `${seconds < 0 ? '-' : ''}${Math.floor(total / 60)}:${String(total % 60).padStart(2, '0')}`
  }

  const round = (value, digits) => value.toLocaleString('en', { maximumFractionDigits: digits })
  const units = {
    count: (value) => round(value, 0),
    percent: (value) => `${round(value * 100, 0)} %`,
    seconds: (value) => `${round(value, value < 10 ? 2 : 0)} s`,
    perSecond: (value) => `${round(value, value < 10 ? 1 : 0)}/s`,
  }

  // Faults as bands behind the lines: dashed where a fault is there and does not bite.
  const drawBands = (plot) => {
    const { ctx, bbox } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const { from, bites, healed, to } of data.bands) {
      const x = (at) => plot.valToPos(at, 'x', true)
      if (bites !== null) {
        ctx.fillStyle = colour('--band')
        ctx.fillRect(x(bites), bbox.top, x(healed ?? to) - x(bites), bbox.height)
      }
      ctx.strokeStyle = colour('--band-edge')
      ctx.lineWidth = devicePixelRatio
      for (const [at, dash] of [
        [from, [4, 4]],
        [bites, []],
        [healed, []],
        [to, [4, 4]],
      ]) {
        if (at === null) continue
        ctx.setLineDash(dash.map((length) => length * devicePixelRatio))
        ctx.beginPath()
        ctx.moveTo(x(at), bbox.top)
        ctx.lineTo(x(at), bbox.top + bbox.height)
        ctx.stroke()
      }
    }
    ctx.restore()
  }

  const placeTracks = (min, max) => {
    for (const mark of root.querySelectorAll('[data-from]')) {
      const share = (at) => (100 * (Math.min(Math.max(at, min), max) - min)) / (max - min)
      const [from, to] = [Number(mark.dataset.from), Number(mark.dataset.to)]
      mark.style.left = `${share(from)}%`
      mark.style.width = `${share(to) - share(from)}%`
      mark.style.visibility = to < min || from > max ? 'hidden' : 'visible'
    }
  }

  const zoomAll = (source) => {
    if (zooming) return
    zooming = true
    const { min, max } = source.scales.x
    for (const plot of plots) if (plot !== source) plot.setScale('x', { min, max })
    placeTracks(min, max)
    zooming = false
  }

  const showValues = (panel, chart) => (plot) => {
    const index = plot.cursor.idx
    for (const item of panel.querySelectorAll('[data-line]')) {
      const value = index == null ? null : chart.lines[item.dataset.line].values[index]
      item.querySelector('output').textContent = value == null ? '' : units[chart.unit](value)
    }
  }

  const makePlot = (panel, chart, isLast) => {
    const unit = units[chart.unit]
    const text = {
      stroke: colour('--soft'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    }
    for (const item of panel.querySelectorAll('[data-line]')) {
      item.querySelector('i').style.background = colour(`--c${item.dataset.line % 6}`)
    }
    const lane = panel.querySelector('.plot')
    lane.style.height = `${HEIGHT + (isLast ? 24 : 0)}px`
    const line = (_, index) => ({ stroke: colour(`--c${index % 6}`), width: 1.6, points: { show: false } })
    const options = {
      width: lane.clientWidth,
      height: HEIGHT + (isLast ? 24 : 0),
      padding: [6, pixels('--right'), isLast ? 0 : 6, 0],
      cursor: { sync: { key: 'firedrill' }, points: { size: 5 }, drag: { x: true, y: false } },
      scales: {
        x: { time: false, range: (plot, min, max) => [min ?? data.span.from, max ?? data.span.to] },
        y: {
          range: (plot, min, max) => [
            0,
            chart.unit === 'percent' ? Math.max(1, max) : Math.max(max * 1.08, chart.unit === 'count' ? 4 : 0.1),
          ],
        },
      },
      axes: [
        {
          ...text,
          show: isLast,
          size: 24,
          values: (plot, splits) => splits.map(clock),
          incrs: [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600],
        },
        {
          ...text,
          size: pixels('--axis'),
          gap: 4,
          space: 26,
          values: (plot, splits) => splits.map((value) => unit(value).replace('/s', '')),
        },
      ],
      series: [{}, ...chart.lines.map(line)],
      hooks: {
        drawClear: [drawBands],
        setScale: [(plot, key) => key === 'x' && zoomAll(plot)],
        setCursor: [showValues(panel, chart)],
      },
    }
    const times = chart.lines[0].values.map((_, index) => index * data.stepSeconds)
    plots.push(new uPlot(options, [times, ...chart.lines.map(({ values }) => values)], lane))
  }

  const draw = () => {
    for (const plot of plots.splice(0)) plot.destroy()
    zooming = true
    for (const [index, chart] of data.charts.entries()) {
      makePlot(root.querySelector(`[data-chart="${chart.id}"]`), chart, index === data.charts.length - 1)
    }
    zooming = false
    for (const plot of plots) plot.setScale('x', { min: data.span.from, max: data.span.to })
  }

  draw()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  let waiting = 0
  addEventListener('resize', () => {
    clearTimeout(waiting)
    waiting = setTimeout(draw, 150)
  })
})()
