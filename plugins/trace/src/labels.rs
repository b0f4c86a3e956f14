//! The values of labels: closed sets.

use plimsoll::CloseCode;

pub(crate) fn code(code: CloseCode) -> &'static str {
    match u16::from(code) {
        1000 => "1000",
        1001 => "1001",
        1002 => "1002",
        1003 => "1003",
        1005 => "1005",
        1006 => "1006",
        1007 => "1007",
        1008 => "1008",
        1009 => "1009",
        1010 => "1010",
        1011 => "1011",
        1012 => "1012",
        1013 => "1013",
        1014 => "1014",
        1015 => "1015",
        3005 => "3005",
        3008 => "3008",
        4400..=4499 => "44xx",
        4500..=4599 => "45xx",
        _ => "other",
    }
}

pub(crate) fn status(status: u16) -> &'static str {
    match status {
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        408 => "408",
        413 => "413",
        426 => "426",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => match status / 100 {
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_and_status_has_one_of_few_labels() {
        let codes: HashSet<_> = (0..=u16::MAX).map(|it| code(CloseCode::from(it))).collect();
        let statuses: HashSet<_> = (0..=u16::MAX).map(status).collect();
        assert_eq!((codes.len(), statuses.len()), (20, 13));
    }

    #[test]
    fn a_label_says_what_it_stands_for() {
        for number in (0..=u16::MAX).map(|number| number.to_string()) {
            let value = number.parse::<u16>().unwrap();
            for label in [code(CloseCode::from(value)), status(value)] {
                let is_class =
                    label.ends_with("xx") && number.starts_with(label.trim_end_matches('x'));
                assert!(label == number || is_class || label == "other", "{number}: {label}");
            }
        }
    }
}
