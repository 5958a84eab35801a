"""Reads what leads type about the guidelines and who signs them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.forms.fields import day
from rollout.models import Rollout, Signers

#: Letters in a text: some twenty pages, and little enough to compare while it is written.
LONGEST_TEXT = 60_000


class DraftForm(forms.Form):
    """The next text. `revision`: that of the draft the writer started from, 0 where there was none."""

    text = forms.CharField(
        label=_("Tekst"),
        widget=forms.Textarea(attrs={"rows": 26, "spellcheck": "true"}),
        max_length=LONGEST_TEXT,
        help_text=_("Markdown: # foran en overskrift, - foran et punkt, **utheving**."),
        error_messages={"required": _("Skriv teksten.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class RevisionForm(forms.Form):
    """The draft that was on the page."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class PublishForm(RevisionForm):
    """Whether the change is material, and how long a signature under an older text still counts."""

    is_material = forms.TypedChoiceField(
        label=_("Er endringen vesentlig?"),
        choices=[
            ("yes", _("Ja, vesentlig: de som har signert en eldre versjon, må signere på nytt")),
            ("no", _("Nei, en retting: signaturene under den forrige versjonen gjelder fortsatt")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Velg om endringen er vesentlig eller ikke.")},
    )
    old_counts_until = day(
        _("Den gamle signaturen gjelder til og med"),
        required=False,
        help_text=_(
            "Bare ved vesentlig endring. La feltet stå tomt om de gamle signaturene slutter å gjelde med en gang."
        ),
    )

    def __init__(self, *args, is_first: bool, **kwargs):
        """`is_first`: there is no older text, so nothing to ask about it."""
        super().__init__(*args, **kwargs)
        if is_first:
            del self.fields["is_material"], self.fields["old_counts_until"]


class SigningForm(forms.Form):
    signers = forms.ChoiceField(
        label=_("Hvem signerer for en virksomhet?"),
        choices=[(value, label.capitalize()) for value, label in Signers.choices],
        widget=forms.RadioSelect,
    )
    signing_needs_oidc = forms.BooleanField(
        label=_("Krev personlig innlogging for å signere"),
        required=False,
        help_text=Rollout._meta.get_field("signing_needs_oidc").help_text,
    )
