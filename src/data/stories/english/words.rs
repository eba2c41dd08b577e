//! The words of the English story world.

/// Somebody who is called he or she.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) she: bool,
}

impl Person {
    pub(super) fn he(self) -> &'static str {
        if self.she { "she" } else { "he" }
    }
    pub(super) fn him(self) -> &'static str {
        if self.she { "her" } else { "him" }
    }
    pub(super) fn his(self) -> &'static str {
        if self.she { "her" } else { "his" }
    }
}

/// Somewhere to be and to go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) at: &'static str,
    /// Where exactly a thing may lie there.
    pub(super) spot: &'static str,
}

pub(super) const GIRLS: [&str; 24] = [
    "Lily", "Emma", "Rosa", "Nora", "Maya", "Zoe", "Ada", "Ines", "Clara", "Ruby", "Alice", "Hana", "Mina", "Vera",
    "Iris", "Dora", "Lena", "Pearl", "Anna", "Wendy", "Olive", "Greta", "Tess", "Fay",
];

pub(super) const BOYS: [&str; 24] = [
    "Tom", "Max", "Leo", "Sam", "Hugo", "Omar", "Felix", "Noah", "Ben", "Jack", "Oscar", "Finn", "Theo", "Ivan",
    "Luke", "Milo", "Paul", "Arthur", "Eli", "Karim", "Walter", "Simon", "Ned", "Otto",
];

/// What a hero may be.
pub(super) const FOLK: [&str; 14] = [
    "girl or boy",
    "rabbit",
    "fox",
    "mouse",
    "bear",
    "hedgehog",
    "squirrel",
    "badger",
    "duck",
    "cat",
    "dog",
    "beaver",
    "goat",
    "mole",
];

/// What a helper may be; each with its article.
pub(super) const HELPERS: [&str; 20] = [
    "an old turtle",
    "a wise owl",
    "a tall heron",
    "a kind baker",
    "a retired sailor",
    "a quiet gardener",
    "a young teacher",
    "a friendly grocer",
    "a clever crow",
    "a grey donkey",
    "a patient angler",
    "an elderly clockmaker",
    "a cheerful miller",
    "a brown horse",
    "a shy deer",
    "a round frog",
    "a busy tailor",
    "a wandering musician",
    "a strong blacksmith",
    "an honest farmer",
];

pub(super) const TRAITS: [&str; 12] = [
    "curious", "little", "brave", "gentle", "clever", "shy", "cheerful", "stubborn", "dreamy", "patient", "young",
    "quiet",
];

pub(super) const COLOURS: [&str; 12] =
    ["red", "blue", "green", "yellow", "golden", "silver", "white", "purple", "orange", "pink", "striped", "shiny"];

pub(super) const THINGS: [&str; 26] = [
    "kite",
    "drum",
    "ball",
    "whistle",
    "scarf",
    "button",
    "lantern",
    "bell",
    "boat",
    "key",
    "hat",
    "flute",
    "marble",
    "ring",
    "bucket",
    "feather",
    "mirror",
    "spinning top",
    "compass",
    "notebook",
    "basket",
    "umbrella",
    "pencil",
    "blanket",
    "spoon",
    "mitten",
];

pub(super) const GIVERS: [&str; 8] =
    ["grandmother", "grandfather", "mother", "father", "aunt", "uncle", "cousin", "big sister"];

pub(super) const PLACES: [Place; 20] = [
    Place { name: "the river", at: "by the river", spot: "between two flat stones" },
    Place { name: "the old mill", at: "near the old mill", spot: "behind the big wheel" },
    Place { name: "the market", at: "at the market", spot: "under an empty stall" },
    Place { name: "the apple orchard", at: "in the apple orchard", spot: "at the foot of the tallest tree" },
    Place { name: "the harbour", at: "at the harbour", spot: "beside a coil of rope" },
    Place { name: "the library", at: "in the library", spot: "on the lowest shelf" },
    Place { name: "the hill", at: "on the hill", spot: "in the tall grass" },
    Place { name: "the pond", at: "by the pond", spot: "among the reeds" },
    Place { name: "the barn", at: "in the barn", spot: "in the warm hay" },
    Place { name: "the bridge", at: "near the bridge", spot: "against the railing" },
    Place { name: "the school yard", at: "in the school yard", spot: "under the bench" },
    Place { name: "the forest", at: "in the forest", spot: "on a cushion of moss" },
    Place { name: "the beach", at: "on the beach", spot: "half hidden in the sand" },
    Place { name: "the well", at: "by the well", spot: "on the stone rim" },
    Place { name: "the windmill", at: "near the windmill", spot: "beside the little door" },
    Place { name: "the railway station", at: "at the railway station", spot: "next to the clock" },
    Place { name: "the garden", at: "in the garden", spot: "among the cabbages" },
    Place { name: "the castle ruins", at: "in the castle ruins", spot: "at the bottom of the stairs" },
    Place { name: "the meadow", at: "in the meadow", spot: "under a clover leaf" },
    Place { name: "the lighthouse", at: "near the lighthouse", spot: "on the white steps" },
];

pub(super) const HOMES: [&str; 10] = [
    "at the edge of a village",
    "in a house with a blue door",
    "beside a slow canal",
    "at the end of a long lane",
    "in a narrow street",
    "on a small farm",
    "behind the church",
    "above a toy shop",
    "at the foot of a mountain",
    "in a cottage full of clocks",
];

pub(super) const DECOYS: [&str; 10] = [
    "a wet leaf",
    "an old shoe",
    "two sleepy beetles",
    "a rusty nail",
    "a piece of string",
    "an empty shell",
    "a broken cup",
    "a torn glove",
    "three grey pebbles",
    "a spider's web",
];

pub(super) const TREATS: [&str; 12] = [
    "honey cake",
    "apple pie",
    "plum jam",
    "warm bread",
    "nut biscuits",
    "cherry tart",
    "pear juice",
    "ginger biscuits",
    "strawberries",
    "cheese",
    "hot chocolate",
    "lemonade",
];

/// A dish, the three things that go into it, and what one serves it in.
pub(super) const DISHES: [(&str, [&str; 3], &str); 8] = [
    ("carrot cake", ["carrots", "flour", "eggs"], "piece"),
    ("onion soup", ["onions", "butter", "bread"], "bowl"),
    ("apple tart", ["apples", "sugar", "flour"], "piece"),
    ("honey bread", ["honey", "flour", "milk"], "slice"),
    ("nut pie", ["walnuts", "butter", "sugar"], "piece"),
    ("pumpkin soup", ["a pumpkin", "milk", "salt"], "bowl"),
    ("plum pudding", ["plums", "eggs", "sugar"], "slice"),
    ("tomato soup", ["tomatoes", "cream", "salt"], "bowl"),
];

/// A task, as it is asked for and as it was done.
pub(super) const TASKS: [(&str, &str, &str); 10] = [
    ("carry the wood into the shed", "carried the wood into the shed", "the wood"),
    ("find my glasses", "found the glasses under a cushion", "the glasses"),
    ("feed the hens", "fed the hens, even the angry one", "the hens"),
    ("water the tomatoes", "watered the tomatoes one by one", "the tomatoes"),
    ("mend the fence", "mended the fence with a hammer and ten nails", "the fence"),
    ("sweep the stairs", "swept the stairs from top to bottom", "the stairs"),
    ("wind up the clocks", "wound up the clocks, all seven of them", "the clocks"),
    ("wash the windows", "washed the windows until they shone", "the windows"),
    ("post this letter", "ran to post the letter", "the letter"),
    ("pick the cherries", "picked the cherries and ate only two", "the cherries"),
];

pub(super) const WEATHERS: [(&str, &str); 8] = [
    ("It had rained all night, and the path was muddy.", "with muddy feet"),
    ("Snow was falling, and the path was white.", "with snow on the shoulders"),
    ("A strong wind was blowing from the sea.", "with tangled hair"),
    ("The sun was so hot that even the birds were silent.", "thirsty and out of breath"),
    ("A thick fog lay over the fields.", "with drops of fog on every eyelash"),
    ("It was a bright and frosty day.", "with a red nose"),
    ("The road was dry and full of dust.", "covered in dust"),
    ("It was a mild day that smelled of hay.", "with hay behind both ears"),
];

pub(super) const SMALL: [&str; 10] =
    ["kitten", "lamb", "duckling", "puppy", "piglet", "lizard", "hamster", "foal", "chick", "tortoise"];

/// Where a small animal is caught, why it cannot get out, and the tool that helps.
pub(super) const TRAPS: [(&str, &str, &str, &str); 8] = [
    ("at the bottom of a dry well", "too deep", "a long rope", "let the rope down"),
    ("on a branch above the river", "too high", "a ladder", "held the ladder"),
    ("in a fishing net", "too tight", "a small knife", "cut the net"),
    ("under a fallen fence", "too heavy", "an iron bar", "lifted the fence with the bar"),
    ("in a thorn bush", "too prickly", "thick gloves", "pulled the thorns apart with the gloves"),
    ("in the middle of the icy pond", "too slippery", "a sledge", "pushed the sledge over the ice"),
    ("behind a locked gate", "too narrow", "a ring of keys", "tried the keys until one turned"),
    ("in a deep hole full of mud", "too steep", "a wide plank", "slid the plank into the hole"),
];

/// A fear, and when it comes.
pub(super) const FEARS: [(&str, &str); 10] = [
    ("the dark", "when the lamp went out"),
    ("thunder", "when the sky turned grey"),
    ("deep water", "when the others went swimming"),
    ("geese", "when the geese crossed the yard"),
    ("high places", "when the others climbed the tower"),
    ("the wind", "when the shutters rattled"),
    ("strangers", "when somebody knocked at the door"),
    ("big waves", "when the sea was rough"),
    ("the cellar", "when somebody had to fetch potatoes"),
    ("the big dog", "when it barked next door"),
];

pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) const NUMBERS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
