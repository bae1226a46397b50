<?php

/**
 * Runs the PHP reader of the choice cookie on a table.
 * Standard input: the rows of `tests/vectors/cookie.json`. Standard output: what it reads of each.
 */

declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $message): never {
    throw new ErrorException($message, 0, $level);
});

require __DIR__ . '/../../../consent_service/help/readers/consent.php';

$answers = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $row) {
    $version = ['epochs' => $row['epochs'], 'policy' => ['days' => $row['days']]];
    $signal = $row['gpc'] ? '1' : null;
    $answers[] = Consent::read($row['cookies'], $version, $signal, (float) $row['now']);
}
echo json_encode($answers);
