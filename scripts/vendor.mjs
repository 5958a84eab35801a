// Copies pinned npm files into static/vendor, which is committed: nothing here is needed at run time.
//   npm ci && npm run vendor
// Left out on purpose: Oslo Sans (its licence is Oslo's alone), the logo, dark mode, CDN addresses, source maps.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const PUNKT = 'node_modules/@oslokommune/punkt-css'
const ICONS = 'node_modules/@oslokommune/punkt-assets/dist/icons'
const INTER = 'node_modules/@fontsource-variable/inter'
const OUT = 'static/vendor'

// What we use of Punkt. Its `pkt-base` is mostly utility classes: only its colour tokens are taken.
const PARTS = ['pkt-normalise', 'elements/button', 'elements/input', 'elements/checkbox-radio', 'components/alert', 'components/tag']
const SPRITE = [
  'alert-warning', 'arrow-return', 'attachment', 'calendar', 'check-circle', 'check-medium', 'chevron-thin-down',
  'clock', 'clock-history', 'cross', 'document-text', 'download', 'email', 'exclamation-mark-circle', 'exit', 'flag',
  'group', 'information', 'key', 'lock-locked', 'lock-unlocked', 'magnifying-glass-small', 'menu', 'organization',
  'person', 'plus-sign', 'process-forward', 'prohibited', 'signature', 'user', 'vertical-menu',
]

const put = (path, text) => {
  mkdirSync(dirname(`${OUT}/${path}`), { recursive: true })
  writeFileSync(`${OUT}/${path}`, text.trimEnd() + '\n')
}
const read = path => readFileSync(path, 'utf8')
// A source-map line names a file we do not have, and the manifest storage then fails.
const withoutMap = text => text.replace(/\n?\/[/*]# sourceMappingURL=.*?(\*\/)?\s*$/gm, '')
const withoutComments = css => css.replace(/\/\*[\s\S]*?\*\//g, '')

function topLevelRules(css) {
  const rules = []
  let depth = 0, start = 0
  for (let i = 0; i < css.length; i++) {
    if (css[i] === '{') depth++
    if (css[i] === '}' && --depth === 0) { rules.push(css.slice(start, i + 1).trim()); start = i + 1 }
  }
  return rules
}
const isWanted = rule => !/^(@charset|@font-face|\[data-mode=dark\]|:root\[data-mode=dark\]|pkt-[\w-]+[\s{[>])/.test(rule)

function localIcons(css) {
  return css.replace(/https:\/\/punkt-cdn\.oslo\.kommune\.no\/[\d.]+\/icons\/([\w-]+\.svg)/g, (_, file) => {
    // As an image a file has no colour to inherit: give it Punkt's own.
    put(`punkt/icons/${file}`, read(`${ICONS}/${file}`).replace(/var\(--fg-color, ?(#\w+)\)/g, '$1'))
    return `icons/${file}`
  })
}

function symbol(name) {
  const svg = read(`${ICONS}/${name}.svg`)
  const viewBox = name === 'check-medium' ? '7 7 18 18' : svg.match(/viewBox="([^"]+)"/)[1]
  const shape = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '').replace(/<defs>[\s\S]*?<\/defs>/g, '')
    .replace(/ (id|clip-path)="[^"]*"/g, '').replace(/var\(--fg-color, ?#\w+\)/g, 'currentColor').replace(/\s+/g, ' ').trim()
  return `<symbol id="${name}" viewBox="${viewBox}">${shape}</symbol>`
}

rmSync(OUT, { recursive: true, force: true })

const tokens = topLevelRules(withoutComments(read(`${PUNKT}/dist/css/pkt-base.min.css`))).filter(rule => rule.startsWith(':root{'))
if (tokens.length !== 1) throw new Error('expected exactly one block of Punkt tokens')
const rules = PARTS.flatMap(part => topLevelRules(withoutComments(read(`${PUNKT}/dist/css/${part}.min.css`).replace(/^\uFEFF/, ''))))
const css = localIcons([...tokens, ...rules.filter(isWanted)].join('\n'))
if (/https?:|data:/.test(css)) throw new Error('an address or a data: image is left in Punkt\'s CSS')
put('punkt/punkt.css', withoutMap(css))
cpSync(`${PUNKT}/LICENSE`, `${OUT}/punkt/LICENSE`)
put('punkt/sprite.svg', `<svg xmlns="http://www.w3.org/2000/svg">\n${SPRITE.map(symbol).join('\n')}\n</svg>`)

mkdirSync(`${OUT}/inter`, { recursive: true })
for (const file of ['inter-latin-wght-normal.woff2', 'inter-latin-ext-wght-normal.woff2']) cpSync(`${INTER}/files/${file}`, `${OUT}/inter/${file}`)
cpSync(`${INTER}/LICENSE`, `${OUT}/inter/LICENSE`)

put('sortable/sortable.min.js', withoutMap(read('node_modules/sortablejs/Sortable.min.js')))
cpSync('node_modules/sortablejs/LICENSE', `${OUT}/sortable/LICENSE`)

console.log(readdirSync(OUT, { recursive: true }).sort().join('\n'))
