<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

/**
 * What a visitor has granted, read on your own server from the banner's choice cookie.
 *
 *     $cookies = $_SERVER['HTTP_COOKIE'] ?? null;
 *     $consent = Consent::read($cookies, $version, $_SERVER['HTTP_SEC_GPC'] ?? null);
 *     if ($consent->statistics) { ... }
 *
 * Not $_COOKIE: of two cookies with one name it shows only the first.
 *
 * $version is the policy that visitors are asked now: the JSON that the consent service answers
 * under /v1/sites/SITE/policy, as json_decode($json, true) reads it. Keep it for some minutes
 * instead of fetching it for each request.
 *
 * Only what is in force is granted. What is missing, malformed, lapsed, asked anew or held off by
 * the browser's own signal is not. Whatever the cookie holds, nothing is thrown.
 *
 * PHP 8.0 or later, no extension. The cookie byte by byte: /help/read-the-cookie.
 */
final class Consent
{
    private const CATEGORIES = ['preferences', 'statistics', 'marketing'];
    private const DAY = 86400;
    // A UUIDv7 in base64url: version and variant are at fixed places.
    private const SHAPE = '/^consent=1\.[0-9a-z]{1,6}\.([0-9a-z]{1,4})\.([0-7]|1[2-5])'
        . '\.([0-9a-z]{1,4})-([0-9a-z]{1,4})-([0-9a-z]{1,4})'
        . '(?:\.([A-Za-z0-9_-]{8}[c-f][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]))?'
        . '(\.p)?$/D';

    /**
     * What is in force for this visitor, in the words of window.consent.get().
     *
     * @param bool $decided Whether everything that is asked today has been answered.
     * @param ?string $id The receipt's number; null after a refusal.
     */
    private function __construct(
        public bool $preferences = false,
        public bool $statistics = false,
        public bool $marketing = false,
        public bool $decided = false,
        public ?string $id = null,
    ) {
    }

    /**
     * The consent that a request carries.
     *
     * @param ?string $cookies The header Cookie.
     * @param array<string, mixed> $version
     * @param ?string $secGpc The header Sec-GPC.
     * @param ?float $now Unix seconds.
     */
    public static function read(
        ?string $cookies,
        array $version,
        ?string $secGpc = null,
        ?float $now = null,
    ): self {
        $now ??= microtime(true);
        $stored = self::newest($cookies ?? '');
        if ($stored === null || !self::stands($stored, $version['policy']['days'], $now)) {
            return new self();
        }
        [$asked, $inForce] = [[], []];
        foreach ($stored['granted'] as $name) {
            // Under the signal marketing is not asked about, and holds only where its own switch
            // was used.
            $signal = $secGpc === '1' && $name === 'marketing';
            if ($version['epochs'][$name] > $stored['epochs'][$name]) {
                $asked = $signal ? $asked : [...$asked, $name];
            } elseif (!$signal || $stored['despite']) {
                $inForce[] = $name;
            }
        }
        $granted = array_map(fn ($name) => in_array($name, $inForce, true), self::CATEGORIES);
        return new self(...[...$granted, $asked === [], $stored['id']]);
    }

    /** A cookie of the host and one of a parent domain can both be there: the newest counts. */
    private static function newest(string $cookies): ?array
    {
        $best = null;
        foreach (array_map([self::class, 'parse'], explode('; ', $cookies)) as $choice) {
            if ($choice !== null && ($best === null || $best['day'] <= $choice['day'])) {
                $best = $choice;
            }
        }
        return $best;
    }

    private static function parse(string $pair): ?array
    {
        if (preg_match(self::SHAPE, $pair, $match) !== 1) {
            return null;
        }
        [, $day, $digits, $preferences, $statistics, $marketing] = $match;
        [$bits, $short, $p] = [(int) $digits, $match[6] ?? '', $match[7] ?? ''];
        // A number where nothing is granted, or a grant without one, is not of the banner's making.
        if (($short !== '') !== (($bits & 7) !== 0) || ($p !== '' && $short === '')) {
            return null;
        }
        $epochs = array_map(fn ($e) => intval($e, 36), [$preferences, $statistics, $marketing]);
        $holds = fn ($place) => ($bits >> $place & 1) === 1;
        return [
            'day' => intval($day, 36),
            'granted' => array_filter(self::CATEGORIES, $holds, ARRAY_FILTER_USE_KEY),
            'despite' => $bits >= 8,
            'epochs' => array_combine(self::CATEGORIES, $epochs),
            'id' => $short === '' ? null : self::uuid($short),
            'pending' => $p !== '',
        ];
    }

    private static function uuid(string $short): string
    {
        $hex = bin2hex(base64_decode(strtr($short, '-_', '+/')));
        return preg_replace('/(.{8})(.{4})(.{4})(.{4})/', '$1-$2-$3-$4-', $hex);
    }

    /** Whether a choice has not lapsed, and a grant without a stored receipt is not a day old. */
    private static function stands(array $stored, array $days, float $now): bool
    {
        ['id' => $id, 'granted' => $granted] = $stored;
        if ($id !== null && $stored['pending']) {
            $made = hexdec(substr(str_replace('-', '', $id), 0, 12));
            if ($now * 1000 - $made >= self::DAY * 1000) {
                return false;
            }
        }
        // One day ahead is a traveller's clock; more is one that was wrong.
        $age = floor($now / self::DAY) - $stored['day'];
        return $age >= -1 && $age < $days[$granted ? 'granted' : 'refused'];
    }
}
