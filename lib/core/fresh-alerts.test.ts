import { expect, test } from 'vitest'
import { freshAlerts } from './fresh-alerts.ts'

test('what fires at the first look is not fresh, as long as it goes on', () => {
  const look = freshAlerts()
  expect(look(['Old', 'Older'])).toEqual([])
  expect(look(['Old', 'Older', 'New', 'New'])).toEqual(['New'])
  expect(look(['Old', 'New'])).toEqual(['New'])
})

test('what resolved and fires again is fresh', () => {
  const look = freshAlerts()
  look(['Old'])
  expect(look([])).toEqual([])
  expect(look(['Old'])).toEqual(['Old'])
  expect(look(['Old'])).toEqual(['Old'])
})
