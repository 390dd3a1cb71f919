import assert from 'node:assert/strict'
import { test } from 'node:test'
import { locateBy, parseMounts, readMounts } from '../../src/files/mounts.ts'

const locate = locateBy(parseMounts(Buffer.from(`22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:2 / /srv rw - ext4 /dev/sda2 rw
31 22 8:1 /var/lib/holdfast/processes /mnt/restore/deep rw - ext4 /dev/sda1 rw
32 22 8:2 /app/live.db /mnt/one.db rw - ext4 /dev/sda2 rw
33 22 8:1 /with\\040blank /mnt/a\\040b rw - ext4 /dev/sda1 rw
34 22 8:3 / /over rw - ext4 /dev/sdb1 rw
35 34 8:4 / /over rw - ext4 /dev/sdb2 rw
36 22 8:5 / /mnt/größe rw - ext4 /dev/sdc1 rw
`)))

test('a directory, or a file, that is mounted at two places is the same from both', () => {
  for (
    const [one, other] of [
      ['/mnt/restore/deep/x.lock', '/var/lib/holdfast/processes/x.lock'],
      ['/mnt/restore/deep', '/var/lib/holdfast/processes'],
      ['/mnt/one.db', '/srv/app/live.db'],
      ['/mnt/a b/c', '/with blank/c']
    ] as const
  ) assert.equal(locate(one), locate(other))
})

test('a name beyond ASCII is read as UTF-8', () => {
  assert.equal(locate('/mnt/größe/a'), '8:5:/a')
})

test('what only begins with the name of a mount is not in it, and the last of two at one place is seen', () => {
  assert.deepEqual(['/srvx/a', '/srv/a', '/srv', '/', '/over/a'].map(locate), [
    '8:1:/srvx/a',
    '8:2:/a',
    '8:2:',
    '8:1:',
    '8:4:/a'
  ])
})

test('without mounts a path is taken as it is', () => {
  assert.equal(locateBy([])('/srv/a'), '/srv/a')
})

test('the mounts of this system tell two files apart', () => {
  const here = locateBy(readMounts())
  assert.notEqual(here('/proc/self'), here('/etc/passwd'))
})

test('the type of a file system is read, however many fields come before it', () => {
  const read = parseMounts(Buffer.from(`22 1 0:45 / /mnt/nas rw,relatime shared:1 master:2 - nfs4 nas:/export rw,hard
23 1 0:46 / /mnt/ssh rw - fuse.sshfs host:/ rw
`))
  assert.deepEqual(read.map(({ point, type }) => [point, type]), [['/mnt/nas', 'nfs4'], ['/mnt/ssh', 'fuse.sshfs']])
})
