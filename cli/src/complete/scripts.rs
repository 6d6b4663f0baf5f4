//! What the shells are told once: to ask the program.

/// The script for a shell; `None` for those that are told the commands and options alone.
pub(crate) fn script(shell: &str) -> Option<&'static str> {
    match shell {
        "bash" => Some(BASH),
        "zsh" => Some(ZSH),
        "fish" => Some(FISH),
        _ => None,
    }
}

const BASH: &str = r#"# Completion of moot in bash.
_moot() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default 2>/dev/null
        else
            COMPREPLY+=("$line")
        fi
    done < <(command moot complete-words bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *: ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _moot moot
"#;

const ZSH: &str = r#"#compdef moot
# Completion of moot in zsh.
_moot() {
    local line value
    local -a values shown keys how
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            _files
            continue
        fi
        value=${line%%$'\t'*}
        if [[ $value == *: ]]; then
            keys+=("$value")
            continue
        fi
        values+=("$value")
        if [[ $line == *$'\t'* ]]; then
            shown+=("$value  -- ${line#*$'\t'}")
        else
            shown+=("$value")
        fi
    done < <(command moot complete-words zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    # What is offered fits already; of several the beginning must be seen to fit too.
    if (( $#keys + $#values == 1 )); then
        how=(-U)
    else
        how=(-M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}')
    fi
    (( $#keys )) && compadd $how -S '' -- "${keys[@]}"
    (( $#values )) && compadd $how -l -d shown -- "${values[@]}"
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _moot "$@"
else
    compdef _moot moot
fi
"#;

const FISH: &str = r#"# Completion of moot in fish.
function __moot_words
    set -l typed (commandline -ct | string unescape)
    for line in (command moot complete-words fish -- (commandline -opc) "$typed" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c moot -f -a '(__moot_words)'
"#;
