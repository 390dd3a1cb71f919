import type Database from 'better-sqlite3'
import type { TableFacts } from '../../core/ports/source.ts'

const TABLES = `
CREATE TABLE Customer (
  CustomerId INTEGER PRIMARY KEY,
  Name TEXT NOT NULL,
  Email TEXT NOT NULL UNIQUE,
  City TEXT NOT NULL
);
CREATE TABLE Product (
  ProductId INTEGER PRIMARY KEY,
  Name TEXT NOT NULL,
  PriceCents INTEGER NOT NULL CHECK (PriceCents > 0)
);
CREATE TABLE Invoice (
  InvoiceId INTEGER PRIMARY KEY,
  CustomerId INTEGER NOT NULL REFERENCES Customer (CustomerId),
  InvoiceDate TEXT NOT NULL
);
CREATE TABLE InvoiceLine (
  InvoiceLineId INTEGER PRIMARY KEY,
  InvoiceId INTEGER NOT NULL REFERENCES Invoice (InvoiceId) ON DELETE CASCADE,
  ProductId INTEGER NOT NULL REFERENCES Product (ProductId),
  Quantity INTEGER NOT NULL CHECK (Quantity > 0),
  UnitPriceCents INTEGER NOT NULL
);
CREATE INDEX InvoiceOfCustomer ON Invoice (CustomerId);
CREATE INDEX LineOfInvoice ON InvoiceLine (InvoiceId);
`

const FIRST_NAMES = ['Ada', 'Bela', 'Chidi', 'Dana', 'Emil', 'Farah', 'Greta', 'Hugo', 'Ines', 'Jonas'] as const
const LAST_NAMES = ['Berg', 'Costa', 'Novak', 'Okafor', 'Silva', 'Weiss'] as const
const CITIES = ['Lisbon', 'Oslo', 'Prague', 'Turin', 'Vienna'] as const
const PRODUCTS = [
  ['Espresso beans, 1 kg', 2490],
  ['Filter coffee, 500 g', 1190],
  ['Green tea, 100 g', 690],
  ['Hand grinder', 5900],
  ['Paper filters, 100', 450],
  ['Milk jug', 1850],
  ['Glass carafe', 3200],
  ['Cup and saucer', 1275],
  ['Kettle', 7900],
  ['Scale', 4400],
  ['Cocoa, 250 g', 890],
  ['Gift card', 2500]
] as const
const [CUSTOMERS, INVOICES] = [40, 300] as const
const [FIRST_DAY, DAY] = [Date.UTC(2025, 0, 2), 86_400_000] as const

/** Fills an empty database with a shop that sells coffee, the same each time, and returns its tables. */
export function fillShop (db: Database.Database): readonly TableFacts[] {
  db.exec(TABLES)
  const into = (table: string, columns: number): Database.Statement =>
    db.prepare(`INSERT INTO ${table} VALUES (${Array.from({ length: columns }, () => '?').join(', ')})`)
  const [customer, product] = [into('Customer', 4), into('Product', 3)]
  const [invoice, line] = [into('Invoice', 3), into('InvoiceLine', 5)]
  let lines = 0
  db.transaction(() => {
    for (let id = 1; id <= CUSTOMERS; id++) {
      const [first, last] = [at(FIRST_NAMES, id), at(LAST_NAMES, id * 5 + Math.floor(id / 10))]
      customer.run(id, `${first} ${last}`, `${first}.${last}.${id}@example.com`.toLowerCase(), at(CITIES, id * 3))
    }
    for (const [index, [name, price]] of PRODUCTS.entries()) product.run(index + 1, name, price)
    for (let id = 1; id <= INVOICES; id++) {
      const date = new Date(FIRST_DAY + id * DAY).toISOString().slice(0, 10)
      invoice.run(id, (id * 7) % CUSTOMERS + 1, date)
      for (let position = 0; position <= id % 4; position++) {
        const chosen = (id * 5 + position * 3) % PRODUCTS.length
        line.run(++lines, id, chosen + 1, (id + position) % 3 + 1, PRODUCTS[chosen]?.[1])
      }
    }
  })()
  return [
    { name: 'Customer', rows: CUSTOMERS },
    { name: 'Invoice', rows: INVOICES },
    { name: 'InvoiceLine', rows: lines },
    { name: 'Product', rows: PRODUCTS.length }
  ]
}

function at<T> (list: readonly T[], index: number): T {
  return list[index % list.length] as T
}
