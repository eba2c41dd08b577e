//! The words of the French story world, with what grammar must know of them.

/// A noun: its singular, whether it is feminine; whether it elides shows in its first letter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noun {
    pub(super) word: &'static str,
    pub(super) she: bool,
}

const fn m(word: &'static str) -> Noun {
    Noun { word, she: false }
}

const fn f(word: &'static str) -> Noun {
    Noun { word, she: true }
}

/// Whether an article or `de` loses its vowel before this word. The h of this world's words is mute but for a few.
pub(super) fn elides(word: &str) -> bool {
    const ASPIRATE: [&str; 4] = ["hérisson", "hibou", "héron", "Hugo"];
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u', 'é', 'è', 'ê', 'â', 'î', 'œ', 'h']);
    let capital = word.starts_with(['A', 'E', 'I', 'O', 'U', 'É', 'H']);
    (vowel || capital) && !ASPIRATE.iter().any(|word_with_h| word.starts_with(word_with_h))
}

/// que, qu' with what follows
pub(super) fn que(what: &str) -> String {
    if elides(what) { format!("qu'{what}") } else { format!("que {what}") }
}

impl Noun {
    /// le, la, l'
    pub(super) fn the(self) -> String {
        match (elides(self.word), self.she) {
            (true, _) => format!("l'{}", self.word),
            (_, true) => format!("la {}", self.word),
            _ => format!("le {}", self.word),
        }
    }
    /// un, une
    pub(super) fn a(self) -> String {
        format!("{} {}", if self.she { "une" } else { "un" }, self.word)
    }
    /// son, sa; mon, ma; ton, ta: `s`, `m` or `t`
    pub(super) fn own(self, whose: char) -> String {
        let feminine = self.she && !elides(self.word);
        format!("{whose}{} {}", if feminine { "a" } else { "on" }, self.word)
    }
    /// ce, cet, cette
    pub(super) fn this(self) -> String {
        let this = if self.she {
            "cette"
        } else if elides(self.word) {
            "cet"
        } else {
            "ce"
        };
        format!("{this} {}", self.word)
    }
    /// le, la as an object
    pub(super) fn it(self) -> &'static str {
        if self.she { "la" } else { "le" }
    }
    /// il, elle
    pub(super) fn he(self) -> &'static str {
        if self.she { "elle" } else { "il" }
    }
    /// The ending of what agrees with it.
    pub(super) fn e(self) -> &'static str {
        if self.she { "e" } else { "" }
    }
}

/// An adjective that follows its noun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjective {
    pub(super) him: &'static str,
    pub(super) her: &'static str,
}

impl Adjective {
    pub(super) fn with(self, noun: Noun) -> &'static str {
        if noun.she { self.her } else { self.him }
    }
}

const fn adjective(him: &'static str, her: &'static str) -> Adjective {
    Adjective { him, her }
}

/// Somebody with a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) she: bool,
}

impl Person {
    pub(super) fn he(self) -> &'static str {
        if self.she { "elle" } else { "il" }
    }
    /// lui, elle after a preposition
    pub(super) fn him(self) -> &'static str {
        if self.she { "elle" } else { "lui" }
    }
    pub(super) fn e(self) -> &'static str {
        if self.she { "e" } else { "" }
    }
    /// de, d' with the name
    pub(super) fn of(self) -> String {
        if elides(self.name) { format!("d'{}", self.name) } else { format!("de {}", self.name) }
    }
    /// que, qu' with the name
    pub(super) fn that(self) -> String {
        que(self.name)
    }
}

/// Somewhere to be; `to` is the way there and `at` the stay, with preposition and article; `of` completes `loin`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) at: &'static str,
    pub(super) to: &'static str,
    /// Where exactly a thing may lie there.
    pub(super) spot: &'static str,
}

const fn place(at: &'static str, to: &'static str, spot: &'static str) -> Place {
    Place { at, to, spot }
}

pub(super) const GIRLS: [&str; 24] = [
    "Léa", "Emma", "Inès", "Zoé", "Nina", "Jeanne", "Rose", "Lucie", "Alice", "Manon", "Sarah", "Chloé", "Anna",
    "Louise", "Clara", "Fatou", "Lina", "Margot", "Éva", "Juliette", "Mathilde", "Colette", "Ada", "Suzanne",
];

pub(super) const BOYS: [&str; 24] = [
    "Hugo", "Tom", "Louis", "Nathan", "Paul", "Théo", "Max", "Jules", "Adam", "Léo", "Simon", "Victor", "Malik",
    "Oscar", "Noé", "Rémi", "Bastien", "Karim", "Marius", "Élie", "Gaspard", "Antoine", "Basile", "Émile",
];

/// What a hero may be: him, her.
pub(super) const FOLK: [(&str, &str); 10] = [
    ("garçon", "fille"),
    ("lapin", "lapine"),
    ("renard", "renarde"),
    ("chat", "chatte"),
    ("ours", "ourse"),
    ("chien", "chienne"),
    ("canard", "cane"),
    ("lion", "lionne"),
    ("loup", "louve"),
    ("âne", "ânesse"),
];

/// Adjectives that follow the hero.
pub(super) const TRAITS: [Adjective; 12] = [
    adjective("curieux", "curieuse"),
    adjective("timide", "timide"),
    adjective("courageux", "courageuse"),
    adjective("rêveur", "rêveuse"),
    adjective("têtu", "têtue"),
    adjective("malin", "maligne"),
    adjective("joyeux", "joyeuse"),
    adjective("patient", "patiente"),
    adjective("bavard", "bavarde"),
    adjective("discret", "discrète"),
    adjective("gourmand", "gourmande"),
    adjective("rusé", "rusée"),
];

/// What a helper may be: him, her; each with its article.
pub(super) const HELPERS: [(&str, &str); 16] = [
    ("un vieux pêcheur", "une vieille pêcheuse"),
    ("un boulanger", "une boulangère"),
    ("un jardinier silencieux", "une jardinière silencieuse"),
    ("un facteur", "une factrice"),
    ("un jeune instituteur", "une jeune institutrice"),
    ("un horloger patient", "une horlogère patiente"),
    ("un ancien marin", "une ancienne navigatrice"),
    ("un musicien de passage", "une musicienne de passage"),
    ("un berger", "une bergère"),
    ("un couturier pressé", "une couturière pressée"),
    ("un meunier", "une meunière"),
    ("un grand cheval brun", "une grande jument brune"),
    ("un gardien de phare", "une gardienne de phare"),
    ("un apiculteur", "une apicultrice"),
    ("un forgeron", "une forgeronne"),
    ("un vieux voisin", "une vieille voisine"),
];

/// Adjectives that follow a thing.
pub(super) const COLOURS: [Adjective; 12] = [
    adjective("rouge", "rouge"),
    adjective("bleu", "bleue"),
    adjective("vert", "verte"),
    adjective("jaune", "jaune"),
    adjective("doré", "dorée"),
    adjective("argenté", "argentée"),
    adjective("blanc", "blanche"),
    adjective("violet", "violette"),
    adjective("rayé", "rayée"),
    adjective("brillant", "brillante"),
    adjective("gris", "grise"),
    adjective("noir", "noire"),
];

pub(super) const THINGS: [Noun; 26] = [
    m("cerf-volant"),
    m("tambour"),
    m("ballon"),
    m("sifflet"),
    f("écharpe"),
    m("bouton"),
    f("lanterne"),
    f("clochette"),
    m("bateau"),
    f("clé"),
    m("chapeau"),
    f("flûte"),
    f("bille"),
    f("bague"),
    m("seau"),
    f("plume"),
    m("miroir"),
    f("toupie"),
    f("boussole"),
    m("carnet"),
    m("panier"),
    m("parapluie"),
    m("crayon"),
    f("couverture"),
    f("cuillère"),
    f("épingle"),
];

/// Who gave a treasure.
pub(super) const GIVERS: [Noun; 8] =
    [f("grand-mère"), m("grand-père"), f("mère"), m("père"), f("tante"), m("oncle"), f("cousine"), f("marraine")];

pub(super) const PLACES: [Place; 20] = [
    place("au bord de la rivière", "à la rivière", "entre deux pierres plates"),
    place("près du vieux moulin", "au vieux moulin", "derrière la grande roue"),
    place("au marché", "au marché", "sous un étal vide"),
    place("dans le verger", "au verger", "au pied du plus grand pommier"),
    place("sur le port", "au port", "à côté d'un rouleau de corde"),
    place("à la bibliothèque", "à la bibliothèque", "sur l'étagère du bas"),
    place("sur la colline", "à la colline", "dans les hautes herbes"),
    place("près de l'étang", "à l'étang", "parmi les roseaux"),
    place("dans la grange", "à la grange", "dans le foin tiède"),
    place("près du pont", "au pont", "contre la balustrade"),
    place("dans la cour de l'école", "à la cour de l'école", "sous le banc"),
    place("dans la forêt", "à la forêt", "sur un coussin de mousse"),
    place("sur la plage", "à la plage", "à moitié dans le sable"),
    place("près du puits", "au puits", "sur la margelle"),
    place("devant la chapelle", "à la chapelle", "à côté de la petite porte"),
    place("à la gare", "à la gare", "sous la grosse horloge"),
    place("dans le jardin", "au jardin", "au milieu des choux"),
    place("dans les ruines du château", "aux ruines du château", "en bas de l'escalier"),
    place("dans le pré", "au pré", "sous un trèfle"),
    place("au pied du phare", "au phare", "sur les marches blanches"),
];

pub(super) const HOMES: [&str; 10] = [
    "au bout du village",
    "dans une maison à la porte bleue",
    "au bord d'un canal",
    "à l'entrée de la forêt",
    "dans une ruelle étroite",
    "dans une petite ferme",
    "derrière l'église",
    "au-dessus d'un magasin de jouets",
    "au pied d'une montagne",
    "dans une maison pleine d'horloges",
];

pub(super) const DECOYS: [&str; 10] = [
    "une feuille mouillée",
    "un vieux soulier",
    "deux scarabées endormis",
    "un clou rouillé",
    "un bout de ficelle",
    "une coquille vide",
    "une tasse cassée",
    "un gant déchiré",
    "trois cailloux gris",
    "une toile d'araignée",
];

pub(super) const TREATS: [&str; 12] = [
    "du gâteau au miel",
    "de la tarte aux pommes",
    "de la confiture de prunes",
    "du pain chaud",
    "des biscuits aux noix",
    "de la tarte aux cerises",
    "du jus de poire",
    "du pain d'épices",
    "des fraises",
    "du fromage",
    "du chocolat chaud",
    "de la limonade",
];

/// What goes into a dish: `some` has the partitive, `of` follows `pas` and `plus`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ingredient {
    pub(super) some: &'static str,
    pub(super) of: &'static str,
}

const fn part(some: &'static str, of: &'static str) -> Ingredient {
    Ingredient { some, of }
}

/// A dish with its gender, the three things that go into it, and what one serves it in.
pub(super) const DISHES: [(Noun, [Ingredient; 3], &str); 8] = [
    (
        m("gâteau aux carottes"),
        [part("des carottes", "de carottes"), part("de la farine", "de farine"), part("des œufs", "d'œufs")],
        "part",
    ),
    (
        f("soupe à l'oignon"),
        [part("des oignons", "d'oignons"), part("du beurre", "de beurre"), part("du pain", "de pain")],
        "assiette",
    ),
    (
        f("tarte aux pommes"),
        [part("des pommes", "de pommes"), part("du sucre", "de sucre"), part("de la farine", "de farine")],
        "part",
    ),
    (
        m("pain au miel"),
        [part("du miel", "de miel"), part("de la farine", "de farine"), part("du lait", "de lait")],
        "tranche",
    ),
    (
        f("tourte aux noix"),
        [part("des noix", "de noix"), part("du beurre", "de beurre"), part("du sucre", "de sucre")],
        "part",
    ),
    (
        m("clafoutis aux prunes"),
        [part("des prunes", "de prunes"), part("des œufs", "d'œufs"), part("du sucre", "de sucre")],
        "part",
    ),
    (
        f("soupe aux tomates"),
        [part("des tomates", "de tomates"), part("de la crème", "de crème"), part("du sel", "de sel")],
        "assiette",
    ),
    (
        m("riz au lait"),
        [part("du riz", "de riz"), part("du lait", "de lait"), part("du sucre", "de sucre")],
        "assiette",
    ),
];

/// A task: as an infinitive, as it was done, and what it was about.
pub(super) const TASKS: [(&str, &str, &str); 10] = [
    ("porter le bois dans la remise", "porta le bois dans la remise, bûche après bûche", "le tas de bois"),
    ("retrouver mes lunettes", "retrouva les lunettes sous un coussin", "les lunettes"),
    ("nourrir les poules", "nourrit les poules, même la plus méchante", "les poules"),
    ("arroser les tomates", "arrosa les tomates une à une", "les tomates"),
    ("réparer la clôture", "répara la clôture avec un marteau et dix clous", "la clôture"),
    ("balayer l'escalier", "balaya l'escalier de haut en bas", "l'escalier"),
    ("remonter les horloges", "remonta les horloges, toutes les sept", "les horloges"),
    ("laver les vitres", "lava les vitres jusqu'à ce qu'elles brillent", "les vitres"),
    ("poster cette lettre", "courut poster la lettre", "la boîte aux lettres"),
    ("cueillir les cerises", "cueillit les cerises et n'en mangea que deux", "le panier de cerises"),
];

/// The weather, and how one arrives in it.
pub(super) const WEATHERS: [(&str, &str); 7] = [
    ("Il avait plu toute la nuit et le chemin était boueux.", "les pieds pleins de boue"),
    ("La neige tombait et le chemin était tout blanc.", "avec de la neige sur les épaules"),
    ("Un vent fort soufflait de la mer.", "les cheveux en bataille"),
    ("Il faisait si chaud que même les oiseaux se taisaient.", "la gorge sèche"),
    ("Un épais brouillard couvrait les champs.", "avec des gouttes de brume au bout du nez"),
    ("Il gelait, et le ciel était très clair.", "le nez rouge"),
    ("La route était sèche et pleine de poussière.", "avec de la poussière jusqu'aux oreilles"),
];

pub(super) const SMALL: [Noun; 10] = [
    m("chaton"),
    m("agneau"),
    m("caneton"),
    m("chiot"),
    m("porcelet"),
    f("souris"),
    f("grenouille"),
    f("tortue"),
    f("belette"),
    f("gerbille"),
];

/// Where a small animal is caught, why it cannot get out, what helps, and what was done.
pub(super) const TRAPS: [(&str, &str, &str, &str); 8] = [
    ("au fond d'un puits à sec", "C'est trop profond", "une longue corde", "firent descendre la corde"),
    ("sur une branche au-dessus de la rivière", "C'est trop haut", "une échelle", "dressèrent l'échelle"),
    ("dans un filet de pêche", "C'est trop serré", "un petit couteau", "coupèrent le filet"),
    ("sous une clôture tombée", "C'est trop lourd", "une barre de fer", "soulevèrent la clôture avec la barre"),
    ("dans un buisson d'épines", "Ça pique trop", "des gants épais", "écartèrent les épines avec les gants"),
    ("au milieu de l'étang gelé", "Ça glisse trop", "une luge", "poussèrent la luge sur la glace"),
    ("derrière une grille fermée", "C'est trop étroit", "un trousseau de clés", "essayèrent les clés une à une"),
    ("dans un trou plein de boue", "C'est trop raide", "une planche", "glissèrent la planche dans le trou"),
];

/// A fear (after `peur`), its subject (before `l'attendait`), and when it comes.
pub(super) const FEARS: [(&str, &str, &str); 9] = [
    ("du noir", "le noir", "quand la lampe s'éteignait"),
    ("de l'orage", "l'orage", "quand le ciel devenait gris"),
    ("de l'eau profonde", "l'eau profonde", "quand les autres allaient nager"),
    ("du vide", "le vide", "quand les autres montaient à la tour"),
    ("du vent", "le vent", "quand les volets claquaient"),
    ("du silence", "le silence", "quand toute la maison dormait"),
    ("du brouillard", "le brouillard", "quand les champs disparaissaient"),
    ("du gros chien", "le gros chien", "quand on l'entendait aboyer"),
    ("de la foule", "la foule", "quand il y avait fête au village"),
];

pub(super) const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

pub(super) const NUMBERS: [&str; 13] =
    ["zéro", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"];
