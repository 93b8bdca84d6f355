<?php
// people.php DATABASE NAME PASSWORD ...: makes the database of a sabre/dav 1.8 that knows these people. What
// the package brings for it lies among its documentation, which small systems leave out.

$pdo = new PDO('sqlite:' . $argv[1]);
$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$pdo->exec('CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT UNIQUE, digesta1 TEXT)');
$pdo->exec('CREATE TABLE principals (id INTEGER PRIMARY KEY, uri TEXT UNIQUE, email TEXT, displayname TEXT,
    vcardurl TEXT)');
$pdo->exec('CREATE TABLE groupmembers (id INTEGER PRIMARY KEY, principal_id INTEGER, member_id INTEGER,
    UNIQUE (principal_id, member_id))');
$pdo->exec('CREATE TABLE calendars (id INTEGER PRIMARY KEY, principaluri TEXT, displayname TEXT, uri TEXT,
    ctag INTEGER, description TEXT, calendarorder INTEGER, calendarcolor TEXT, timezone TEXT, components TEXT,
    transparent INTEGER)');
$pdo->exec('CREATE TABLE calendarobjects (id INTEGER PRIMARY KEY, calendardata BLOB, uri TEXT,
    calendarid INTEGER, lastmodified INTEGER, etag TEXT, size INTEGER, componenttype TEXT,
    firstoccurence INTEGER, lastoccurence INTEGER)');

$user = $pdo->prepare('INSERT INTO users (username, digesta1) VALUES (?, ?)');
$principal = $pdo->prepare('INSERT INTO principals (uri, email, displayname) VALUES (?, ?, ?)');
for ($at = 2; $at + 1 < $argc; $at += 2) {
    [$name, $password] = [$argv[$at], $argv[$at + 1]];
    $user->execute([$name, md5("$name:starmesh:$password")]);
    $email = strpos($name, '@') ? $name : "$name@example.org";
    $principal->execute(["principals/$name", $email, ucfirst($name)]);
    foreach (['read', 'write'] as $right) {
        $principal->execute(["principals/$name/calendar-proxy-$right", null, null]);
    }
}
