<?php
// The sabre/dav of the tests: one calendar home each for the people in its database, proved by Digest.

// What PHP has meanwhile come to call deprecated would be printed into the answers.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING);
ini_set('display_errors', '0');
date_default_timezone_set('UTC');
require_once 'Sabre/autoload.php';

$pdo = new PDO('sqlite:' . getenv('STARMESH_SABRE_DATABASE'));
$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);

// The tests look at what is stored past the sign-in: a second client that speaks Digest would only repeat
// the mistakes of the first.
class Onlooker extends Sabre\DAV\Auth\Backend\AbstractBasic
{
    protected function validateUserPass($user, $password)
    {
        return true;
    }
}
$looks = isset($_SERVER['HTTP_X_STARMESH_ONLOOKER']);
$auth = $looks ? new Onlooker() : new Sabre\DAV\Auth\Backend\PDO($pdo);

$principals = new Sabre\DAVACL\PrincipalBackend\PDO($pdo);
$calendars = new Sabre\CalDAV\Backend\PDO($pdo);
$server = new Sabre\DAV\Server([
    new Sabre\CalDAV\Principal\Collection($principals),
    new Sabre\CalDAV\CalendarRootNode($principals, $calendars),
]);
$server->setBaseUri('/');
$server->addPlugin(new Sabre\DAV\Auth\Plugin($auth, 'starmesh'));
$server->addPlugin(new Sabre\DAVACL\Plugin());
$server->addPlugin(new Sabre\CalDAV\Plugin());
$server->exec();
