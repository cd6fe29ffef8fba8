// Reads JSON from standard input and answers with what public packages make of it:
//   {"versions": [...], "messages": [...]}  ->  {"valid": [...], "order": [[-1, 0, ...], ...], "raised": [...], "parsed": [...]}
const semver = require('semver')
const { parser, toConventionalChangelogFormat } = require('@conventional-commits/parser')

function message (text) {
  try {
    const found = toConventionalChangelogFormat(parser(text))
    return { type: found.type, scope: found.scope, subject: found.subject, breaking: found.notes.length > 0 }
  } catch (error) {
    return null
  }
}

const given = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const valid = given.versions.map((text) => semver.parse(text) !== null && semver.parse(text).raw === text)
const right = given.versions.filter((text, number) => valid[number])
console.log(JSON.stringify({
  valid,
  order: right.map((one) => right.map((other) => semver.compare(one, other))),
  raised: right.map((text) => ['patch', 'minor', 'major'].map((part) => {
    const core = new semver.SemVer(text)
    return semver.inc(`${core.major}.${core.minor}.${core.patch}`, part)
  })),
  parsed: given.messages.map(message)
}))
