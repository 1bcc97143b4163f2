"""What lines of home-made loops are called by in Chinese, Japanese and Korean, in English.

Owns the words for epochs, steps, data sets and the commonest metrics. All else stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = {
    **dict.fromkeys(("轮次", "轮数", "周期", "輪次", "エポック", "에포크", "에폭"), " epoch "),
    **dict.fromkeys(("迭代次数", "迭代", "步数", "步骤", "ステップ", "스텝"), " step "),
    **dict.fromkeys(("批次", "バッチ", "배치"), " batch "),
    **dict.fromkeys(("训练集", "训练", "訓練", "학습", "훈련"), " train "),
    **dict.fromkeys(("验证集", "验证", "検証", "驗證", "검증"), " val "),
    **dict.fromkeys(("测试集", "测试", "テスト", "測試", "테스트"), " test "),
    **dict.fromkeys(("损失值", "损失", "損失", "誤差", "손실값", "손실"), " loss "),
    **dict.fromkeys(
        ("准确率", "准确度", "精确度", "準確率", "正解率", "精度", "정확도"), " accuracy "
    ),
    **dict.fromkeys(("学习率", "學習率", "学習率", "학습률"), " learning rate "),
    **dict.fromkeys(("平均奖励", "奖励", "報酬", "보상"), " reward "),
    **dict.fromkeys(("平均", "평균"), " mean "),
    **dict.fromkeys(("开始", "完成", "结束", "開始", "完了", "終了", "시작", "완료", "종료"), " "),
}
_SIGNS: Final = str.maketrans("：，；（）［］％｜＝／。、", ":,;()[]%|=/,,")
_ASIAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))
_ORDINAL = re.compile(
    r"第\s{0,3}(\d{1,9}(?:\s{0,2}/\s{0,2}\d{1,9})?)\s{0,3}(?:轮|輪|个?\s?epoch|回)"
)
_BEFORE_SIGN = re.compile(r" {1,8}(?=[:=,])")


def in_english(text: str) -> str:
    """A line with these words in English; the line itself where it has none of these scripts."""
    if _ASIAN.search(text) is None:
        return text
    text = _ORDINAL.sub(r" epoch \1 ", text.translate(_SIGNS))
    text = _WORD.sub(lambda match: _WORDS[match[0]], text)
    return _BEFORE_SIGN.sub("", text).strip()
