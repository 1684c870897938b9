/** The most frequent words of English: a text in it has many of them. */
export const englishWords: ReadonlySet<string> = new Set(
  `the be to of and a in that have it for not on with as at this but by from they we or an will all would there their what so
   up out if about which when can no just into your some them other than then now only its over also after two how our first
   any these most is are was were has had been does did do it's isn't since until while because where each both more few one
   three four five none nothing own still again may could should here very before between through during without per`.split(
    /\s+/,
  ),
);

/** Words that may begin a sentence of a summary though the report does not have them. Any other is taken for a name. */
export const sentenceStarts: ReadonlySet<string> = new Set(
  `${[...englishWords].join(' ')} i overall currently meanwhile however otherwise therefore thus yet finally next once later
   soon apart besides everything everyone nobody someone something either neither such several many another those his her he
   she him who why whether though although despite instead unless according likely probably possibly perhaps apparently
   normally usually mostly partly mainly together alone first second third six seven eight nine ten service services system
   health status score scores source sources price prices data quote quotes market markets symbols symbol requests answers
   errors failures failure faults fault cause causes reason recovery recoveries check wait watch look read see set start try
   retry restart resume recover pause review compare inspect verify test confirm contact keep make let fix correct update use
   begin action actions recommended priority immediate please today yesterday monitoring collection ingestion delivery
   quality summary report in-app nothing`.split(/\s+/),
);
