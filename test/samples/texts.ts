/** Texts of the sample documents: our own, or by authors who died long enough ago to belong to everybody. */

/** Lines of a text, cut at about eighty characters. */
export function lines(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => line.trim().match(/.{1,80}(?:\s+|$)/g) ?? [''])
    .map((line) => line.trim());
}

/** Own text, in French. */
export const ELECTION: readonly string[] = [
  `Compte rendu de l'élection municipale

L'élection du conseil municipal s'est tenue dimanche dans les onze bureaux de vote de la ville.
La participation a atteint soixante-deux pour cent des électeurs inscrits, soit quatre points de plus
qu'aux élections précédentes. Les opérations électorales se sont déroulées sans incident.

Les résultats ont été proclamés à vingt et une heures par le président du bureau centralisateur.
Chaque procès-verbal a été numérisé, indexé et conservé aux archives de la mairie.`,
  `Répartition des sièges

La liste « Port et Littoral » obtient dix-neuf sièges, la liste « Quais ouverts » en obtient douze,
et la liste « Œuvre commune » deux. L'installation du nouveau conseil aura lieu vendredi.
Les paramètres du dépouillement figurent en annexe, avec les fichiers des émargements.`,
  `Annexe : calendrier des prochaines élections

L'élection des délégués du port est fixée au printemps. Les candidatures doivent être enregistrées
au greffe avant le premier mars. Toute candidature enregistrée hors délai sera refusée.
L'utilisateur du service en ligne recevra un accusé de réception.`,
];

/** Jean de La Fontaine, 1668. */
export const CIGALE = `La Cigale et la Fourmi

La Cigale, ayant chanté
Tout l'été,
Se trouva fort dépourvue
Quand la bise fut venue :
Pas un seul petit morceau
De mouche ou de vermisseau.
Elle alla crier famine
Chez la Fourmi sa voisine,
La priant de lui prêter
Quelque grain pour subsister
Jusqu'à la saison nouvelle.
« Je vous paierai, lui dit-elle,
Avant l'août, foi d'animal,
Intérêt et principal. »`;

/** Victor Hugo, 1856. */
export const DEMAIN = `Demain, dès l'aube, à l'heure où blanchit la campagne,
Je partirai. Vois-tu, je sais que tu m'attends.
J'irai par la forêt, j'irai par la montagne.
Je ne puis demeurer loin de toi plus longtemps.
Je marcherai les yeux fixés sur mes pensées,
Sans rien voir au dehors, sans entendre aucun bruit,
Seul, inconnu, le dos courbé, les mains croisées,
Triste, et le jour pour moi sera comme la nuit.
Je ne regarderai ni l'or du soir qui tombe,
Ni les voiles au loin descendant vers Harfleur,
Et quand j'arriverai, je mettrai sur ta tombe
Un bouquet de houx vert et de bruyère en fleur.`;

/** Charles Dickens, 1859. */
export const TWO_CITIES = `It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of
foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the
season of Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had
nothing before us, we were all going direct to Heaven, we were all going direct the other way.`;

/** Herman Melville, 1851. */
export const MOBY_DICK = `Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my
purse, and nothing particular to interest me on shore, I thought I would sail about a little and see the watery part
of the world. It is a way I have of driving off the spleen and regulating the circulation.`;

/** Johann Wolfgang von Goethe, 1782. */
export const ERLKOENIG = `Wer reitet so spät durch Nacht und Wind?
Es ist der Vater mit seinem Kind;
Er hat den Knaben wohl in dem Arm,
Er fasst ihn sicher, er hält ihn warm.
Mein Sohn, was birgst du so bang dein Gesicht?
Siehst, Vater, du den Erlkönig nicht?
Den Erlenkönig mit Kron und Schweif?
Mein Sohn, es ist ein Nebelstreif.`;

/** Miguel de Cervantes, 1605. */
export const QUIJOTE = `En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un
hidalgo de los de lanza en astillero, adarga antigua, rocín flaco y galgo corredor. Una olla de algo más vaca que
carnero, salpicón las más noches, duelos y quebrantos los sábados, lentejas los viernes, algún palomino de añadidura
los domingos, consumían las tres partes de su hacienda.`;

/** Dante Alighieri, about 1308. */
export const COMMEDIA = `Nel mezzo del cammin di nostra vita
mi ritrovai per una selva oscura,
ché la diritta via era smarrita.
Ahi quanto a dir qual era è cosa dura
esta selva selvaggia e aspra e forte
che nel pensier rinova la paura!`;

/** Luís de Camões, 1572. */
export const LUSIADAS = `As armas e os barões assinalados
Que da ocidental praia lusitana,
Por mares nunca de antes navegados,
Passaram ainda além da Taprobana,
Em perigos e guerras esforçados
Mais do que prometia a força humana,
E entre gente remota edificaram
Novo reino, que tanto sublimaram.`;

/** Multatuli, 1860. */
export const HAVELAAR = `Ik ben makelaar in koffie, en woon op de Lauriergracht. Het is mijn gewoonte niet, romans te
schrijven, of zulke dingen, en het heeft dan ook lang geduurd, voor ik er toe overging een paar riem papier extra te
bestellen, en het werk aan te vangen, dat gij, lieve lezer, zoo-even in de hand hebt genomen.`;

/** Alexander Pushkin, 1825. */
export const PUSHKIN = `Я помню чудное мгновенье:
Передо мной явилась ты,
Как мимолётное виденье,
Как гений чистой красоты.
В томленьях грусти безнадежной,
В тревогах шумной суеты,
Звучал мне долго голос нежный
И снились милые черты.`;

/** Natsume Soseki, 1905. */
export const WAGAHAI = `吾輩は猫である。名前はまだ無い。
どこで生れたかとんと見当がつかぬ。
何でも薄暗いじめじめした所で
ニャーニャー泣いていた事だけは記憶している。`;

/** Homer. */
export const ODYSSEY = `Ἄνδρα μοι ἔννεπε, Μοῦσα, πολύτροπον, ὃς μάλα πολλὰ
πλάγχθη, ἐπεὶ Τροίης ἱερὸν πτολίεθρον ἔπερσε·
πολλῶν δ' ἀνθρώπων ἴδεν ἄστεα καὶ νόον ἔγνω.`;

/** Own text: a report of several pages. */
export function harbourLog(page: number): string {
  const ships = ['Amaryllis', 'Brise de mer', 'Corrie', 'Dagmar', 'Esperanza', 'Fjord', 'Gannet'];
  const rows = ships.map(
    (ship, index) =>
      `Berth ${index + 1}: ${ship}, ${(page * 37 + index * 101) % 900} tonnes, ${(page + index) % 24} hours at the quay.`,
  );
  return `Harbour log, sheet ${page}\n\nArrivals and departures were recorded by the pilots of the watch.\n${rows.join('\n')}\nThe documents of each ship were scanned, extracted and indexed on arrival.`;
}
