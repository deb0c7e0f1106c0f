//! Ukrainian in Latin letters, for names of files that every system takes. Source: resolution of the Cabinet № 55 of 27.01.2010.

/// A Ukrainian letter in Latin; `None` for what is no letter of ours. `begins` says whether it begins a word.
fn letter(c: char, begins: bool) -> Option<&'static str> {
    Some(match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "h",
        'ґ' => "g",
        'д' => "d",
        'е' => "e",
        'є' => {
            if begins {
                "ye"
            } else {
                "ie"
            }
        }
        'ж' => "zh",
        'з' => "z",
        'и' => "y",
        'і' => "i",
        'ї' => {
            if begins {
                "yi"
            } else {
                "i"
            }
        }
        'й' => {
            if begins {
                "y"
            } else {
                "i"
            }
        }
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ю' => {
            if begins {
                "yu"
            } else {
                "iu"
            }
        }
        'я' => {
            if begins {
                "ya"
            } else {
                "ia"
            }
        }
        'ь' => "",
        _ => return None,
    })
}

/// The text with its Ukrainian letters in Latin, capitals as capitals; what is no letter of ours stays.
pub fn transliterated(text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        match c.to_lowercase().next().and_then(|lower| letter(lower, begins)) {
            Some(letters) if c.is_uppercase() => latin.extend(letters.chars().map(|c| c.to_ascii_uppercase())),
            Some(letters) => latin.push_str(letters),
            None => latin.push(c),
        }
        begins = !c.is_alphanumeric();
    }
    latin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_written_in_latin_letters() {
        for (text, latin) in [("ОЕ", "OE"), ("ОР", "OR"), ("Яїр", "YAir"), ("Р-7", "R-7"), ("GR", "GR"), ("Щ", "SHCH"), ("", "")]
        {
            assert_eq!(transliterated(text), latin);
        }
    }
}
