"""What a camera itself calls its values: the names of its looks, for one, which no table knows.

A body is asked once for each connection and tells by a warning when it has its texts together; it
also tells when they have changed. Many bodies have none.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lensbus_proto.errors import CommandError
from lensbus_services.sony.codes import BASE_LOOK_NAMES, CREATIVE_LOOK_NAMES, Property
from lensbus_services.sony.link import Link
from lensbus_services.sony.properties import number
from lensbus_services.sony.values import DisplayText, printable

logger = logging.getLogger(__name__)

TEXT_LIMIT: Final = 64  # characters

# The lists whose values are those of a property.
LISTS: Final[Mapping[int, int]] = {
    Property.BASE_LOOK: BASE_LOOK_NAMES,
    Property.CREATIVE_LOOK: CREATIVE_LOOK_NAMES,
}

# CrDisplayStringType
NAMES: Final[Mapping[int, str]] = {
    1: "BaseLook_AELevelOffset_ExposureValue",
    2: "BaseLook_Input_Display",
    3: "BaseLook_Name_Display",
    4: "BaseLook_Output_Display",
    5: "SceneFile_Name_Display",
    6: "ShootingMode_Cinema_ColorGamut_Display",
    7: "ShootingMode_TargetDisplay_Display",
    8: "Camera_Gain_BaseISO_Display",
    9: "Video_EIGain_Display",
    0xA: "Button_Assign_Display",
    0xB: "Button_Assign_ShortDisplay",
    0xC: "FTP_ServerName_Display",
    0xD: "FTP_UpLoadDirectory_Display",
    0xE: "FTP_JobStatus_Display",
    0xF: "ExposureIndex_Preset1_Display",
    0x13: "CreativeLook_Name_Display",
    0x14: "IPTC_Metadata_Display",
    0x15: "SubjectRecognitionAF_Display",
    0x16: "BaseLook_MetaRecordSupport_Display",
    0x17: "Target_StreamingDestinationSelect_Display",
    0x18: "Camera_Button_Function_Capability_Display",
    0x19: "Camera_Lever_Function_Capability_Display",
    0x1A: "Camera_Dial_Function_Capability_Display",
    0x1B: "CustomGridLine_FileName_Display",
}

Texts = Mapping[int, str]


class Display:
    """The texts of the present connection. Replaced as a whole, so that any thread may read."""

    def __init__(self) -> None:
        self._lists: Mapping[int, Texts] = {}

    def forget(self) -> None:
        """Drop what the last connection knew."""
        self._lists = {}

    def request(self, link: Link) -> None:
        """Have the camera put its texts together; one without texts is left as it is."""
        try:
            link.request_display_texts()
        except CommandError as error:
            logger.info("no display texts", extra={"reason": error.message})

    def fetch(self, link: Link) -> list[int]:
        """Take the texts over. Return the codes of properties whose texts are others now."""
        try:
            lists = by_list(link.display_texts())
        except CommandError as error:
            logger.warning("display texts not fetched", extra={"reason": error.message})
            return []
        before, self._lists = self._lists, lists
        return [code for code, of in LISTS.items() if before.get(of, {}) != lists.get(of, {})]

    def of_property(self, code: int) -> Texts:
        """Return the texts for the values of a property, by value."""
        return self._lists.get(LISTS.get(code, -1), {})

    def list_maps(self) -> list[dict[str, Any]]:
        """Return all lists as they travel."""
        return [
            {
                "list": number_,
                "name": NAMES.get(number_, f"unknown(0x{number_:x})"),
                "texts": [[value, text] for value, text in texts.items()],
            }
            for number_, texts in sorted(self._lists.items())
        ]


def by_list(texts: Iterable[DisplayText]) -> Mapping[int, Texts]:
    """Return texts by list and value, fit to be shown; empty ones say nothing."""
    lists: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for one in texts:
        shown = printable(one.text)[:TEXT_LIMIT].strip()
        if shown:
            lists[one.list][number(one.value, one.type)] = shown
    return dict(lists)
